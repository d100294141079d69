/**
 * The executor that runs cold code on the cold tier, counts, and has what has proven warm compiled by a backend.
 *
 *   RIP ─→ link ─ compiled? ─→ region (calls, jumps and returns stay in generated code through links)
 *            └── cold ──────→ cold tier, one block; after `warmUp` executions the link is queued for compiling
 *
 * Generated code never faults: where a check fails it comes back and the cold tier executes that one instruction
 * (DESIGN decision 6). Code is only dropped while no generated code is on the host's stack: by the cold tier's stores,
 * by the kernel, or here when the cache is full.
 */
import { isStop, type Region, STOP } from '../backends/region/region.ts';
import type { ColdTier, Executor, ExecutorServices } from '../executor.ts';
import type { Exit } from '../exit.ts';
import { FuelGauge } from '../fuel.ts';
import { STATE_OFFSET } from '../ir/state-layout.ts';
import type { CodeBytes } from '../memory/code-pages.ts';
import { PAGE_SHIFT } from '../memory/page-permissions.ts';
import type { CpuCounters } from '../statistics.ts';
import { formBatch } from './batch-former.ts';
import { CodeBudget } from './code-budget.ts';
import { CodeCache } from './code-cache.ts';
import type { CodeLink, CodeUnit } from './code-link.ts';
import type { CompiledUnits, LinkSource, RegionBackend } from './region-backend.ts';
import { isTraced, stepTraced } from './single-step.ts';

export interface TranslationOptions {
  /** Cold executions of a block before it is compiled; 0 compiles at first sight (tests). */
  readonly warmUp?: number;
  /** Size of generated code kept before the oldest is dropped: bytes, or characters of source. */
  readonly sizeLimit?: number;
}

// Measured on whole programs, since most warm blocks soon end: hello and a C++ program take 0.47 and 3.3 s of CPU time,
// with 24 it is 0.69 and 3.8. More turns help programs of much cold code (300: python3's start 12 s for 13) and cost those
// with few hot loops (1000: sha256sum of 7 MB 2.5 s for 1.6).
const WARM_UP = 100;
// Micro-ops take some 20 ns a block, and compiling one costs 0.25 ms and more: worth it after 15,000 executions at best.
// CPU time of python3's start, and of a loop of 3 million turns in it: 4.2 and 6.2 s with 500, 2.5 and 4.7 with 5000, 1.8 and
// 4.3 with 20000; and 40,000 executions are still gone in a millisecond.
const CHAIN_WARM_UP = 40_000;
// Times that a block is come to from outside of a chain before it is compiled: each costs as much as some dozens of
// executions in a chain, so what regions leave for again and again is soon part of them (a loop of bash: 4.7 s of CPU
// time for 6.8).
const ARRIVALS = 1_000;
/** What ran so much more seldom than a warm block is not worth being part of its region. */
const RARE = 100;
/** A tenth of that is enough for code that only need be instantiated. */
const CHAIN_STEPS = 10;
/** Warm blocks wait for company, because each batch costs the host about 100 µs; but not for long. */
const BATCH = 24;
const PATIENCE = 3;
/** Executions after which code that the host refused is tried again. */
const REFUSED_PATIENCE = 1_000_000;
const SIZE_LIMIT = 64_000_000;
/** Some 300 bytes each. */
const LINK_LIMIT = 100_000;
/**
 * Instructions after which a loop comes out of generated code and goes in again: V8 replaces a WebAssembly function by its
 * optimised form only at a call. A millisecond or so.
 */
const SLICE = 1_000_000;
/**
 * Where fuel ran out in the middle of a loop, the cold tier soon comes back to where it is entered: in a few microseconds,
 * for which an entry of its own is not worth compiling (the switch interpreter had 14 of them, mix 15 large ones). What
 * takes longer is a loop without an entry.
 */
const DETOUR = 500;
const CACHE_MASK = 0x1fff;

const SYSCALL: Exit = { kind: 'syscall' };
const BUDGET: Exit = { kind: 'budget' };

export class TranslatingExecutor<L extends CodeLink> implements Executor, LinkSource<L> {
  readonly #services: ExecutorServices;
  readonly #counters: CpuCounters;
  readonly #cold: ColdTier;
  readonly #backend: RegionBackend<L>;
  readonly #warmUp: number;
  /** Executions after which a chain asks. */
  readonly #chainStep: number;
  readonly #links = new Map<number, L>();
  /** Direct-mapped by address; in front of #links. */
  readonly #cache: L[];
  /** Page → what has bytes in it. */
  readonly #byPage = new Map<number, Set<CodeUnit>>();
  #queue: L[] = [];
  readonly #units: CodeCache;
  readonly #budget: CodeBudget;
  readonly #gauge: FuelGauge;
  /** A slice ended in a region where there is no entry, and none was come to since. */
  #isStray = false;
  /** The cold tier went on from a stray end to a region by itself, where its fuel ended. */
  #isWayKnown = false;
  readonly #stopListening: () => void;
  readonly #leaveBudget: () => void;

  constructor(
    services: ExecutorServices,
    cold: ColdTier,
    makeBackend: (links: LinkSource<L>) => RegionBackend<L>,
    options: TranslationOptions = {},
  ) {
    this.#services = services;
    this.#counters = services.counters;
    this.#cold = cold;
    this.#gauge = new FuelGauge(services.space);
    this.#warmUp = options.warmUp ?? (cold.chain === undefined ? WARM_UP : CHAIN_WARM_UP);
    this.#chainStep = Math.max(1, Math.floor(this.#warmUp / CHAIN_STEPS));
    const units = new CodeCache(options.sizeLimit ?? SIZE_LIMIT);
    this.#units = units;
    this.#budget = services.codeBudget ?? new CodeBudget();
    this.#leaveBudget = this.#budget.join({
      get size() {
        return units.size;
      },
      get oldestAge() {
        return units.oldestAge;
      },
      evictOldest: () => this.#makeRoom(units.oldest(1)),
    });
    this.#backend = makeBackend(this);
    // One link stands for all that is not there: thousands of them were most of what a fork left to the collector.
    const none = this.#backend.createLink(0);
    this.#cache = Array.from({ length: CACHE_MASK + 1 }, () => none);
    this.#stopListening = services.codePages.onDrop((page) => this.#dropPage(page));
    cold.chain?.watch({
      warmUp: this.#chainStep,
      onWarm: (rip) => this.#noteWarm(this.linkTo(rip)),
      isCompiled: (rip) => this.#isOnHand(rip),
      onStop: (S, stop) => this.#stopped(S, stop),
    });
    const { handOver } = this.#backend;
    if (handOver !== undefined) cold.chain?.join(handOver);
  }

  get retired(): number {
    return this.#gauge.retired;
  }

  run(stateAddr: number, fuel: number): Exit {
    this.#backend.refresh();
    this.#gauge.begin(stateAddr, fuel, SLICE);
    this.#isStray = false;
    this.#isWayKnown = false;
    let exit = fuel > 0 ? this.#execute(stateAddr) : null;
    while (exit?.kind === 'budget' && this.#gauge.refill(this.#isStray && !this.#isWayKnown ? DETOUR : SLICE)) {
      const wasStray = this.#isStray;
      this.#isWayKnown = false;
      exit = this.#execute(stateAddr);
      if (wasStray && this.#isStray && !this.#isWayKnown && exit?.kind === 'budget') this.#makeEntry(stateAddr);
    }
    this.#gauge.end();
    return exit === null || exit.kind === 'budget' ? this.#gauge.exit() : exit;
  }

  interrupt(): void {
    this.#gauge.interrupt();
  }

  dispose(): void {
    this.#stopListening();
    this.#evict(this.#units.oldest(Infinity));
    this.#leaveBudget();
    this.#cold.dispose();
  }

  #execute(S: number): Exit {
    const { space } = this.#services;
    const ripAt = (S + STATE_OFFSET.rip) >> 2;
    for (;;) {
      if (isTraced(space, S)) return stepTraced(this.#cold, space, S);
      const exit = space.i32[ripAt + 1] === 0 ? this.#runAt(space.i32[ripAt], S) : this.#step(S);
      if (exit !== null) return exit;
    }
  }

  #runAt(rip: number, S: number): Exit | null {
    const link = this.find(rip);
    return link.code !== null ? this.#runRegion(link, S) : this.#runCold(link, S);
  }

  #runRegion(link: L, S: number): Exit | null {
    this.#counters.entries++;
    this.#counters.enter('regions');
    if (this.#isStray) {
      this.#isStray = false;
      this.#gauge.refill(SLICE);
    }
    const reason = this.#backend.enter(link, S);
    return isStop(reason) ? this.#stopped(S, reason) : (this.#cold.chain?.serve(S, reason) ?? null);
  }

  #stopped(S: number, stop: number): Exit | null {
    const { exits } = this.#counters;
    switch (stop) {
      case STOP.slow:
        exits['failed check']++;
        return this.#step(S);
      case STOP.syscall:
        exits.syscall++;
        return SYSCALL;
      case STOP.budget:
        exits.budget++;
        this.#isWayKnown = this.#isStray;
        this.#isStray = this.find(this.#services.space.i32[(S + STATE_OFFSET.rip) >> 2]).code === null;
        return BUDGET;
      case STOP.unlinked:
        exits.unlinked++;
        return null;
      default:
        return null; // far and redispatch: the loop sees them
    }
  }

  /** Where the cold tier is just now is a loop that takes long: it becomes an entry. */
  #makeEntry(S: number): void {
    this.#isStray = false;
    const link = this.find(this.#services.space.i32[(S + STATE_OFFSET.rip) >> 2]);
    if (link.code === null && link.executions >= 0)
      link.executions = Math.max(link.executions, this.#warmUp * PATIENCE);
  }

  /** One instruction on the cold tier. @returns null to go on. */
  #step(S: number): Exit | null {
    this.#counters.enter('reference');
    return this.#cold.step(S);
  }

  #runCold(link: L, S: number): Exit | null {
    if (link.parked !== null && this.#revive(link, link.parked)) return null;
    const { chain } = this.#cold;
    if (chain === undefined) {
      // Pages of the code come one by one: what cannot be used at first may be usable later.
      if ((link.executions & (link.executions - 1)) === 0 && this.#reuse(link.rip >>> 0)) return null;
      if (this.#count(link, 1)) return null;
    } else if (this.#count(link, Math.floor(this.#warmUp / ARRIVALS))) return null;
    this.#counters.coldBlocks++;
    this.#counters.enter('cold');
    const exit = this.#cold.runBlock(S);
    if (chain !== undefined) return exit;
    link.noteTarget(this.#services.space.i32[(S + STATE_OFFSET.rip) >> 2] >>> 0);
    return exit;
  }

  /** @returns whether the link has code now. */
  #count(link: L, executions: number): boolean {
    link.executions += executions;
    if (link.executions >= this.#warmUp && !link.isQueued) {
      link.isQueued = true;
      this.#queue.push(link);
    }
    if (this.#queue.length >= BATCH || (link.isQueued && link.executions >= this.#warmUp * PATIENCE)) {
      this.#compileQueue();
    }
    return link.code !== null;
  }

  /** A chain counted for us: `#chainStep` executions more. */
  #noteWarm(link: L): void {
    if (link.isCompiled || (link.parked !== null && this.#revive(link, link.parked)) || this.#reuse(link.rip >>> 0))
      return;
    this.#count(link, this.#chainStep);
  }

  // Links

  find(rip: number): L {
    const slot = (rip ^ (rip >>> 11)) & CACHE_MASK;
    const known = this.#cache[slot];
    if (known.rip === rip && rip !== 0) return known;
    return (this.#cache[slot] = this.linkTo(rip >>> 0));
  }

  linkTo(rip: number): L {
    const known = this.#links.get(rip);
    if (known !== undefined) return known;
    const link = this.#backend.createLink(rip);
    this.#links.set(rip, link);
    return link;
  }

  // Compiling

  #compileQueue(): void {
    this.#makeRoom(this.#units.surplus());
    this.#budget.makeRoom();
    if (this.#links.size > LINK_LIMIT) this.#pruneLinks();
    const counters = this.#counters;
    counters.enter('translating');
    const startMs = this.#services.nowMs();
    const regions = this.#takeBatch();
    if (regions.length === 0) return;
    const compiled = this.#backend.compile(regions);
    if (compiled === null) return this.#noteRefusal(regions);
    this.#installAll(compiled);
    counters.translateMs += this.#services.nowMs() - startMs;
    counters.bytesGenerated += compiled.size;
    counters.regionsCompiled += regions.length;
    counters.blocksCompiled += regions.reduce((sum, { blocks }) => sum + blocks.length, 0);
    counters.modulesCompiled++;
  }

  /** The host has no room, or does not take the module: its code stays cold for long. */
  #noteRefusal(regions: readonly Region[]): void {
    this.#counters.modulesRefused++;
    for (const { blocks } of regions) this.linkTo(blocks[0].rip).executions = -REFUSED_PATIENCE;
  }

  /** Takes code that another space compiled from the same bytes. @returns whether there is code at `rip` now */
  #reuse(rip: number): boolean {
    const compiled = this.#backend.reuse(rip, (unit) => this.#isUsable(unit));
    if (compiled === null) return false;
    this.#installAll(compiled);
    this.#counters.modulesReused++;
    return true;
  }

  /** Whether there is code at `rip`: what was parked comes back, what others compiled is taken from the store. */
  #isOnHand(rip: number): boolean {
    const link = this.#links.get(rip);
    if (link === undefined) return this.#reuse(rip);
    if (link.isCompiled || (link.parked !== null && this.#revive(link, link.parked))) return true;
    return !link.isEvicted && this.#reuse(rip);
  }

  #installAll({ units, size, overhead }: CompiledUnits): void {
    for (const unit of units) this.#install(unit);
    this.#countLive(() => this.#units.add(units, size + overhead, this.#budget.nextAge()));
  }

  /** Whether the code is what memory holds, and none of it is compiled otherwise. */
  #isUsable({ entries, pieces }: CodeUnit): boolean {
    const { codePages } = this.#services;
    if (entries.some((rip) => this.#links.get(rip)?.isCompiled === true)) return false;
    return pieces.every((piece) => codePages.isIntact(piece)) && !this.#isVolatile(pieces);
  }

  #isVolatile(pieces: readonly CodeBytes[]): boolean {
    const { codePages } = this.#services;
    return pieces.some(
      ({ rip, bytes }) =>
        codePages.isVolatile(rip >>> PAGE_SHIFT) || codePages.isVolatile((rip + bytes.length - 1) >>> PAGE_SHIFT),
    );
  }

  #takeBatch(): readonly Region[] {
    const queue = new Set(this.#queue);
    this.#queue = [];
    const roots = [...queue].filter(({ code }) => code === null).map(({ rip }) => rip >>> 0);
    const { regions, left } = formBatch(roots, this.#services, {
      limits: this.#backend.limits,
      isCompiled: (rip) => this.#links.get(rip)?.isCompiled === true,
      // Code that never ran is not worth compiling, unless everything is compiled at first sight.
      isSeen: (rip) => this.#warmUp === 0 || this.#hasRun(rip),
      targetsOf: (rip, jumpRip) => [
        ...(this.#links.get(rip)?.targets ?? []),
        ...(this.#cold.chain?.targetsOf(jumpRip) ?? []),
      ],
    });
    // A block that is inside of a region of this batch needs no region of its own yet; it counts anew.
    for (const link of queue) {
      link.isQueued = false;
      link.executions = Math.min(link.executions, 1);
    }
    for (const rip of left) this.#queueAgain(this.linkTo(rip));
    return regions;
  }

  /** It waited for a batch that was full: the next execution makes one. */
  #queueAgain(link: L): void {
    link.isQueued = true;
    link.executions = this.#warmUp * PATIENCE;
    this.#queue.push(link);
  }

  #hasRun(rip: number): boolean {
    const { chain } = this.#cold;
    if (chain === undefined) return (this.#links.get(rip)?.executions ?? 0) > 0;
    return chain.executions(rip) * RARE >= this.#warmUp;
  }

  #install(unit: CodeUnit): void {
    this.#backend.link(unit);
    for (const rip of unit.entries) {
      this.linkTo(rip).install(unit);
      this.#cold.chain?.leaveAt(rip);
    }
    this.#counters.liveRegions += unit.entries.length;
    for (const { rip, bytes } of unit.pieces) this.#services.codePages.add(rip, bytes.length);
    for (const page of pagesOf(unit)) {
      const units = this.#byPage.get(page);
      if (units === undefined) this.#byPage.set(page, new Set([unit]));
      else units.add(unit);
    }
  }

  /**
   * A store beside a region, mprotect there and back, or unloading and loading the same file drops what is still right.
   * @returns whether the code is live again
   */
  #revive(link: L, unit: CodeUnit): boolean {
    if (this.#isVolatile(unit.pieces)) return false;
    if (!this.#isUsable(unit)) {
      this.#discard(unit);
      return false;
    }
    this.#install(unit);
    return link.isCompiled;
  }

  #dropPage(page: number): void {
    const units = this.#byPage.get(page);
    if (units === undefined) return;
    this.#byPage.delete(page);
    for (const unit of units) this.#park(unit);
  }

  #park(unit: CodeUnit): void {
    const links = unit.entries.map((rip) => this.linkTo(rip)).filter(({ code }) => code === unit);
    if (links.length === 0) return;
    this.#counters.liveRegions -= links.length;
    this.#counters.regionsDropped += links.length;
    this.#backend.unlink(unit);
    for (const link of links) link.park();
  }

  /** The unit, live or parked, will never run again: nothing leads to it any more. */
  #discard(unit: CodeUnit): void {
    this.#park(unit);
    for (const rip of unit.entries) {
      const link = this.linkTo(rip);
      if (link.parked === unit) link.parked = null;
    }
    for (const page of pagesOf(unit)) {
      const units = this.#byPage.get(page);
      units?.delete(unit);
      if (units?.size === 0) this.#byPage.delete(page);
    }
    this.#countLive(() => this.#units.remove(unit));
    this.#backend.discard(unit);
  }

  #makeRoom(units: readonly CodeUnit[]): void {
    this.#evict(units);
    for (const { entries } of units) for (const rip of entries) this.linkTo(rip).isEvicted = true;
  }

  #evict(units: readonly CodeUnit[]): void {
    for (const unit of units) this.#discard(unit);
    if (units.length > 0) this.#counters.flushes++;
  }

  /** Links that lead nowhere and that no generated code holds; their blocks count anew when they run again. */
  #pruneLinks(): void {
    for (const [rip, link] of this.#links) {
      const isIdle = link.code === null && link.parked === null && !link.isQueued;
      if (isIdle && !this.#backend.isReferenced(link)) this.#links.delete(rip);
    }
    this.#cache.fill(this.#backend.createLink(0));
  }

  /** The counters are of all spaces of a machine: they move by what changes here. */
  #countLive(change: () => void): void {
    const { batchCount, size } = this.#units;
    change();
    this.#counters.liveModules += this.#units.batchCount - batchCount;
    this.#counters.liveBytes += this.#units.size - size;
  }
}

function pagesOf({ pieces }: CodeUnit): Set<number> {
  const pages = new Set<number>();
  for (const { rip, bytes } of pieces) {
    for (let page = rip >>> PAGE_SHIFT; page <= (rip + bytes.length - 1) >>> PAGE_SHIFT; page++) pages.add(page);
  }
  return pages;
}
