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
import type { CodeBytes } from '../memory/code-pages.ts';
import { GUEST_LIMIT } from '../memory/address-space.ts';
import { ReferenceMachine, type Step } from './reference-machine.ts';
import { StepMaker } from './reference-steps.ts';

const BUDGET: Exit = { kind: 'budget' };
// Blocks of cold code are short; the bound keeps the cache near 60 MB.
const MAX_BLOCKS = 20_000;
const MAX_INSTRUCTIONS = 32;

/** A block ready to run. */
interface ReferenceBlock {
  readonly rip: number;
  readonly instructionCount: number;
  /** To be compared before each run (Block.volatileBytes); null for most. */
  readonly unstable: CodeBytes | null;
  readonly steps: readonly Step[];
  /** Forgotten: links to it must not be followed. */
  isStale: boolean;
  /** The block that followed last time: most blocks have one successor. */
  successor: ReferenceBlock | null;
}

const NO_BLOCK: ReferenceBlock = {
  rip: -1,
  instructionCount: 0,
  unstable: null,
  steps: [],
  isStale: true,
  successor: null,
};
const RECENT_MASK = 0xfff;

type BlockCache = Map<number, ReferenceBlock>;

export class ReferenceTier implements ColdTier {
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
  /** The block that ran last. */
  #previous: ReferenceBlock = { ...NO_BLOCK };
  blocksMade = 0;

  constructor(services: ExecutorServices) {
    this.#services = services;
    this.#machine = new ReferenceMachine(services);
    this.#steps = new StepMaker(this.#machine);
    this.#stopListening = services.codePages.onDrop((page) => this.#dropPage(page));
  }

  dispose(): void {
    this.#stopListening();
    this.#forgetAll();
  }

  step(stateAddr: number, repeatLimit = Infinity): Exit | null {
    const machine = this.#machine;
    machine.attach(stateAddr, repeatLimit);
    const known = this.#singles.get(machine.rip);
    const isUsable = known !== undefined && (known.unstable === null || this.#isUnchanged(known.unstable));
    return this.#run(isUsable ? known : this.#make(machine.rip, 1, this.#singles));
  }

  runBlock(stateAddr: number): Exit | null {
    const machine = this.#machine;
    machine.attach(stateAddr, Infinity);
    const previous = this.#previous;
    let block = previous.successor;
    if (block === null || block.rip !== machine.rip || block.isStale) {
      block = this.#find(machine.rip);
      // A block that only tells of a fetch fault is not kept: the page may be there the next time.
      if (block.instructionCount > 0) previous.successor = block;
    }
    if (block.unstable !== null && !this.#isUnchanged(block.unstable)) block = this.#remake(block);
    this.#previous = block;
    return this.#run(block);
  }

  #run({ steps }: ReferenceBlock): Exit | null {
    const machine = this.#machine;
    for (let i = 0; !steps[i](); i++);
    const isOut = machine.settleFuel();
    if (machine.exit !== null) return machine.exit;
    machine.storeRip(machine.nextRip);
    return isOut ? BUDGET : null;
  }

  #isUnchanged(block: CodeBytes): boolean {
    return this.#services.codePages.isUnchanged(block);
  }

  #remake(block: ReferenceBlock): ReferenceBlock {
    block.isStale = true;
    return this.#make(block.rip, MAX_INSTRUCTIONS, this.#blocks);
  }

  #find(rip: number): ReferenceBlock {
    const slot = (rip ^ (rip >>> 11)) & RECENT_MASK;
    const recent = this.#recent[slot];
    if (recent.rip === rip && !recent.isStale) return recent;
    const block = this.#blocks.get(rip) ?? this.#make(rip, MAX_INSTRUCTIONS, this.#blocks);
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
    if (block.unstable !== null) return block;
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
    return {
      rip: block.rip,
      instructionCount: block.instructionCount,
      unstable: guardOf(block),
      steps,
      isStale: false,
      successor: null,
    };
  }

  #dropPage(page: number): void {
    const blocks = this.#byPage.get(page);
    if (blocks === undefined) return;
    this.#byPage.delete(page);
    for (const block of blocks) {
      block.isStale = true;
      block.successor = null;
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

function guardOf({ rip, volatileBytes }: Block): CodeBytes | null {
  return volatileBytes === undefined ? null : { rip, bytes: volatileBytes };
}
