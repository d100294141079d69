import type { CodeBytes } from '../memory/code-pages.ts';

/** What is compiled, linked and dropped together: one region, or a module of them. */
export interface CodeUnit {
  /** Guest addresses of its entries. */
  readonly entries: readonly number[];
  /** The code that it was made from. */
  readonly pieces: readonly CodeBytes[];
}

/** A switch of more cases costs more than the look-up it saves. */
const MAX_TARGETS = 64;

/**
 * What is known of a guest address that a block starts at: how often the cold tier ran it, and the code there once it is
 * compiled. Backends add what generated code reaches it by.
 */
export class CodeLink {
  /** Guest address as int32: the form in which regions pass addresses. */
  readonly rip: number;
  isQueued = false;
  /** Its code was dropped for room: what the store has of it is only taken when it has proven warm again. */
  isEvicted = false;
  /** Times the cold tier ran the block since it was last cold. */
  executions = 0;
  /** What runs here; null while the block is cold. */
  code: CodeUnit | null = null;
  /** What ran here before a page of it was dropped; right again if the bytes are what they were. */
  parked: CodeUnit | null = null;
  /** Where the block went on, in the order first seen; only what an indirect jump may need. */
  readonly targets: number[] = [];

  constructor(rip: number) {
    this.rip = rip | 0;
  }

  get isCompiled(): boolean {
    return this.code !== null;
  }

  /** The cold tier went on at `rip` after this block. Cost: a compare when it is the same as ever. */
  noteTarget(rip: number): void {
    if (this.targets[0] === rip || this.targets.length >= MAX_TARGETS || this.targets.includes(rip)) return;
    this.targets.push(rip);
  }

  install(code: CodeUnit): void {
    this.code = code;
    this.parked = null;
    this.isEvicted = false;
  }

  /** Back to cold. What was compiled is kept for a while. */
  park(): void {
    this.parked = this.code ?? this.parked;
    this.code = null;
    this.isQueued = false;
    this.executions = 0;
  }

  /** Back to cold, for good. */
  forget(): void {
    this.park();
    this.parked = null;
  }
}
