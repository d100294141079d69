/**
 * The cold tier: code runs as micro-ops in WebAssembly. The reference interpreter does what has no handler (yet), what a
 * check did not let through, and all faults.
 */
import type { ChainWatcher, ColdChain, ColdTier, ExecutorServices } from '../../../executor.ts';
import type { Exit } from '../../../exit.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import { isStop } from '../../region/region.ts';
import { type HandlerLibrary, sharedLibrary } from './handlers.ts';
import { Interpreter } from './interpreter.ts';
import { LAST, LEAVE, MICRO_OP, WORD } from './layout.ts';
import { MicroCode } from './micro-code.ts';

const SYSCALL: Exit = { kind: 'syscall' };
const BUDGET: Exit = { kind: 'budget' };
const MAX_INSTRUCTIONS = 32;
/** Handlers are compiled when so many wait, or instructions that wait for them were executed so often. */
const BATCH = 64;
const PATIENCE = 200;

export interface MicroTierOptions {
  /** Handlers are compiled when first met. */
  readonly isEager?: boolean;
  /** Bytes of micro-ops kept before all are dropped. */
  readonly limitBytes?: number;
}

/** A switch of more cases costs more than the look-up it saves. */
const MAX_TARGETS = 64;
const MAX_JUMPS = 10_000;
const NO_WATCHER: ChainWatcher = { warmUp: 0, onWarm: () => {}, isCompiled: () => false, onStop: () => null };

export class MicroTier implements ColdTier {
  readonly chain: ColdChain;
  readonly #services: ExecutorServices;
  readonly #library: HandlerLibrary;
  readonly #reference: ColdTier;
  readonly #interpreter: Interpreter;
  readonly #code: MicroCode;
  readonly #batch: number;
  /** Generation of the handlers that the code names. */
  #handlers: number;
  #watcher = NO_WATCHER;
  /** Where indirect jumps went, by the jump's address. */
  readonly #targets = new Map<number, number[]>();
  /** Slow exits since handlers were compiled last, while some wait. */
  #impatience = 0;

  constructor(
    services: ExecutorServices,
    reference: ColdTier,
    { isEager = false, limitBytes = Infinity }: MicroTierOptions = {},
  ) {
    const library = sharedLibrary();
    this.#services = services;
    this.#library = library;
    this.#handlers = library.generation;
    this.#reference = reference;
    this.#interpreter = new Interpreter(services, library);
    this.#code = new MicroCode(services, library, limitBytes);
    this.#batch = isEager ? 1 : BATCH;
    this.chain = {
      watch: (watcher) => void (this.#watcher = watcher),
      leaveAt: (rip) => this.#code.forget(rip),
      executions: (rip) => this.#code.executions(rip, this.#watcher.warmUp),
      targetsOf: (rip) => this.#targets.get(rip) ?? [],
      join: (handOver) => this.#interpreter.join(handOver),
      serve: (S, reason) => this.#goOn(S, reason),
    };
  }

  dispose(): void {
    this.#code.dispose();
    this.#reference.dispose();
  }

  step(stateAddr: number, repeatLimit?: number): Exit | null {
    return this.#reference.step(stateAddr, repeatLimit);
  }

  runBlock(S: number): Exit | null {
    const { i32 } = this.#services.space;
    const ripAt = (S + STATE_OFFSET.rip) >> 2;
    const block = i32[ripAt + 1] === 0 ? this.#blockAt(i32[ripAt] >>> 0) : 0;
    if (block === 0) return this.#reference.runBlock(S);
    this.#code.cacheJump(i32[ripAt] >>> 0, block);
    return this.#goOn(S, this.#interpreter.enter(S, i32[(S + STATE_OFFSET.fuel) >> 2], block));
  }

  /** Serves what the interpreter left for, until that is for the dispatcher. */
  #goOn(S: number, left: number): Exit | null {
    for (let reason = left; ;) {
      switch (reason) {
        case LEAVE.syscall:
          return SYSCALL;
        case LEAVE.budget:
          return BUDGET;
        case LEAVE.link:
        case LEAVE.uncached: {
          const block = this.#connect(S, reason);
          if (block === 0) return null;
          reason = this.#interpreter.enter(S, this.#services.space.i32[(S + STATE_OFFSET.fuel) >> 2], block);
          break;
        }
        case LEAVE.slow: {
          const microOp = this.#services.space.i32[(S + WORD.from) >> 2];
          const { generation } = this.#code;
          const exit = this.#slow(S);
          const words = this.#services.space.u8[microOp + MICRO_OP.words];
          const next = microOp + 4 * words;
          if (exit !== null || generation !== this.#code.generation) return exit;
          if ((words & LAST) !== 0) {
            // An indirect jump whose handler is not compiled yet; nobody asks for those of other jumps.
            const { i32 } = this.#services.space;
            this.#noteTarget(i32[(microOp + MICRO_OP.rip) >> 2] >>> 0, i32[(S + STATE_OFFSET.rip) >> 2] >>> 0);
            return null;
          }
          if (!this.#isAt(S, next)) return null;
          reason = this.#resume(S, microOp, next);
          break;
        }
        case LEAVE.warm:
          this.#warm(this.#services.space.i32[(S + STATE_OFFSET.rip) >> 2] >>> 0);
          return null;
        default:
          return isStop(reason) ? this.#watcher.onStop(S, reason) : null;
      }
    }
  }

  /** The block at RIP or the passage to its region, which link or jump cache will find from now on; 0: neither. */
  #connect(S: number, reason: number): number {
    const { i32 } = this.#services.space;
    const link = i32[(S + WORD.from) >> 2];
    const rip = i32[(S + STATE_OFFSET.rip) >> 2] >>> 0;
    const { generation } = this.#code;
    const block = this.#blockAt(rip);
    if (reason === LEAVE.uncached && link !== 0) this.#noteTarget(i32[(link + MICRO_OP.rip) >> 2] >>> 0, rip);
    const way = block === 0 && this.#watcher.isCompiled(rip) ? this.#code.passage(rip) : block;
    if (way === 0) return 0;
    if (reason === LEAVE.uncached) this.#code.cacheJump(rip, way);
    else if (generation === this.#code.generation) this.#services.space.i32[link >> 2] = way;
    return way;
  }

  #noteTarget(jumpRip: number, target: number): void {
    const targets = this.#targets.get(jumpRip);
    if (this.#targets.size >= MAX_JUMPS) this.#targets.clear();
    if (targets === undefined) this.#targets.set(jumpRip, [target]);
    else if (targets.length < MAX_TARGETS && !targets.includes(target)) targets.push(target);
  }

  #blockAt(rip: number): number {
    return this.#code.find(rip) || this.#decode(rip);
  }

  #decode(rip: number): number {
    if (this.#watcher.isCompiled(rip)) return 0;
    // What other spaces had compiled: a copied block may use it at once.
    this.#connectHandlers();
    const known = this.#code.copy(rip, this.#watcher.warmUp);
    if (known !== 0) return known;
    const block = this.#services.microBlock(rip, MAX_INSTRUCTIONS);
    if (block === null) return 0;
    // What came prepared, when this is the first block of all.
    this.#connectHandlers();
    const addr = this.#code.add(block, this.#watcher.warmUp);
    if (this.#library.pendingCount >= this.#batch) this.#compile();
    return addr;
  }

  #slow(S: number): Exit | null {
    if (this.#library.pendingCount > 0 && ++this.#impatience > PATIENCE) this.#compile();
    return this.#reference.step(S);
  }

  #compile(): void {
    this.#impatience = 0;
    this.#library.compilePending();
    this.#connectHandlers();
  }

  #connectHandlers(): void {
    const { generation } = this.#library;
    if (this.#handlers !== generation) {
      this.#handlers = generation;
      this.#code.flush();
    }
    if (this.#interpreter.update()) this.#code.connectWaiting();
  }

  /** Whether RIP is that of the micro-op. */
  #isAt(S: number, microOp: number): boolean {
    const { i32 } = this.#services.space;
    const ripAt = (S + STATE_OFFSET.rip) >> 2;
    return i32[ripAt] === i32[(microOp + MICRO_OP.rip) >> 2] && i32[ripAt + 1] === 0;
  }

  /** Pays again for what the slow exit gave back, without the instruction that was executed. */
  #resume(S: number, from: number, next: number): number {
    const { u8, i32 } = this.#services.space;
    const fuel = i32[(S + STATE_OFFSET.fuel) >> 2] - (u8[from + MICRO_OP.retired] - 1);
    return this.#interpreter.resume(S, fuel, next);
  }

  #warm(rip: number): void {
    this.#code.countAnew(rip, this.#watcher.warmUp);
    this.#watcher.onWarm(rip);
  }
}
