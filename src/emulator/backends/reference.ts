/**
 * The reference interpreter: executes IR by the meanings of the op table. It is the oracle of the other executors, the
 * cold tier that alone raises faults, and what runs where neither eval nor WebAssembly is allowed.
 *
 * A block becomes an array of closures over slots of values; state and guest memory are changed at once, op by op,
 * so the state is exact at every instruction boundary without further ado.
 */
import type { ColdTier, ExecutorServices } from '../executor.ts';
import type { Exit } from '../exit.ts';
import type { Block, Op } from '../ir/block.ts';
import { GUEST_LIMIT } from '../memory/address-space.ts';
import { ReferenceMachine, type Step } from './reference-machine.ts';
import { StepMaker } from './reference-steps.ts';

const BUDGET: Exit = { kind: 'budget' };
const INTERRUPT: Exit = { kind: 'interrupt' };
// Blocks of cold code are short; the bound keeps the cache near 60 MB.
const MAX_BLOCKS = 20_000;
const MAX_INSTRUCTIONS = 32;

/** A block ready to run. */
interface ReferenceBlock {
  readonly rip: number;
  readonly instructionCount: number;
  readonly steps: readonly Step[];
  /** Forgotten: links to it must not be followed. */
  isStale: boolean;
  /** The block that followed last time: most blocks have one successor. */
  successor: ReferenceBlock | null;
}

const NO_BLOCK: ReferenceBlock = { rip: -1, instructionCount: 0, steps: [], isStale: true, successor: null };
const RECENT_MASK = 0xfff;

type BlockCache = Map<number, ReferenceBlock>;

export class ReferenceExecutor implements ColdTier {
  readonly #services: ExecutorServices;
  readonly #machine: ReferenceMachine;
  readonly #steps: StepMaker;
  /** Whole blocks, and blocks of one instruction for exact stepping, by address. */
  readonly #blocks: BlockCache = new Map();
  readonly #singles: BlockCache = new Map();
  /** Blocks by a hash of their address, to spare most look-ups in the map. */
  readonly #recent: ReferenceBlock[] = Array.from({ length: RECENT_MASK + 1 }, () => NO_BLOCK);
  /** Page → blocks with bytes in it. */
  readonly #byPage = new Map<number, Set<ReferenceBlock>>();
  readonly #stopListening: () => void;
  #isInterrupted = false;
  blocksMade = 0;

  constructor(services: ExecutorServices) {
    this.#services = services;
    this.#machine = new ReferenceMachine(services);
    this.#steps = new StepMaker(this.#machine);
    this.#stopListening = services.codePages.onDrop((page) => this.#dropPage(page));
  }

  get retired(): number {
    return this.#machine.retired;
  }

  interrupt(): void {
    this.#isInterrupted = true;
  }

  dispose(): void {
    this.#stopListening();
    this.#forgetAll();
  }

  step(stateAddr: number, count: number, repeatLimit = count): Exit {
    return this.#execute(stateAddr, count, 1, repeatLimit);
  }

  run(stateAddr: number, fuel: number): Exit {
    return this.#execute(stateAddr, fuel, MAX_INSTRUCTIONS);
  }

  runBlock(stateAddr: number, fuel: number): Exit | null {
    const machine = this.#machine;
    machine.attach(stateAddr, fuel);
    const { steps } = this.#find(machine.rip, MAX_INSTRUCTIONS);
    for (let i = 0; !steps[i](); i++);
    if (machine.exit !== null) return machine.exit;
    machine.storeRip(machine.nextRip);
    return null;
  }

  #execute(stateAddr: number, fuel: number, blockLimit: number, repeatLimit = fuel): Exit {
    const machine = this.#machine;
    machine.attach(stateAddr, repeatLimit);
    let { rip } = machine;
    let previous: ReferenceBlock | null = null;
    for (;;) {
      const left = fuel - machine.retired;
      if (left <= 0 || this.#isInterrupted) return this.#stop(rip);
      let block: ReferenceBlock | null = previous === null ? null : previous.successor;
      if (block === null || block.rip !== rip || block.isStale) {
        block = this.#find(rip, blockLimit);
        // A block that only tells of a fetch fault is not kept: the page may be there the next time.
        if (previous !== null && block.instructionCount > 0) previous.successor = block;
      }
      // The last instructions of the fuel go one by one, so that a run ends exactly where it should.
      if (block.instructionCount > left) block = this.#find(rip, 1);
      const { steps } = block;
      for (let i = 0; !steps[i](); i++);
      if (machine.exit !== null) return machine.exit;
      rip = machine.nextRip;
      machine.isCodeChanged = false;
      previous = block;
    }
  }

  #stop(rip: number): Exit {
    this.#machine.storeRip(rip);
    if (!this.#isInterrupted) return BUDGET;
    this.#isInterrupted = false;
    return INTERRUPT;
  }

  #find(rip: number, limit: number): ReferenceBlock {
    if (limit === 1) return this.#singles.get(rip) ?? this.#make(rip, 1, this.#singles);
    const slot = (rip ^ (rip >>> 11)) & RECENT_MASK;
    const recent = this.#recent[slot];
    if (recent.rip === rip && !recent.isStale) return recent;
    const block = this.#blocks.get(rip) ?? this.#make(rip, limit, this.#blocks);
    if (block.instructionCount > 0) this.#recent[slot] = block;
    return block;
  }

  #make(rip: number, limit: number, cache: BlockCache): ReferenceBlock {
    this.#machine.rip = rip;
    if (rip < 0 || rip >= GUEST_LIMIT) return this.#prepare(unreachableCode(rip));
    const lifted = this.#services.lift(rip, limit);
    const block = this.#prepare(lifted);
    if (lifted.instructionCount === 0) return block;
    if (cache.size >= MAX_BLOCKS) this.#forgetAll();
    cache.set(rip, block);
    this.#services.codePages.add(rip, lifted.sizeBytes);
    for (let page = rip >>> 12; page <= (rip + lifted.sizeBytes - 1) >>> 12; page++) this.#listOf(page).add(block);
    return block;
  }

  #listOf(page: number): Set<ReferenceBlock> {
    const known = this.#byPage.get(page);
    if (known !== undefined) return known;
    const list = new Set<ReferenceBlock>();
    this.#byPage.set(page, list);
    return list;
  }

  #prepare(block: Block): ReferenceBlock {
    this.blocksMade++;
    const steps = this.#steps.prepare(block);
    return { rip: block.rip, instructionCount: block.instructionCount, steps, isStale: false, successor: null };
  }

  #dropPage(page: number): void {
    const blocks = this.#byPage.get(page);
    if (blocks === undefined) return;
    this.#byPage.delete(page);
    for (const block of blocks) {
      block.isStale = true;
      if (this.#blocks.get(block.rip) === block) this.#blocks.delete(block.rip);
      if (this.#singles.get(block.rip) === block) this.#singles.delete(block.rip);
    }
  }

  #forgetAll(): void {
    for (const cache of [this.#blocks, this.#singles]) {
      for (const block of cache.values()) block.isStale = true;
      cache.clear();
    }
    this.#byPage.clear();
  }
}

/** RIP outside of the 4 GiB a space can have: nothing can be fetched there. */
function unreachableCode(rip: number): Block {
  const op: Op = { name: 'fetchFault', type: 'none', args: [], imm: rip, imm2: 0, tag: '', id: 0 };
  return { rip, sizeBytes: 0, instructionCount: 0, ops: [op] };
}
