/**
 * The executor that runs cold code on the cold tier, counts, and compiles what has proven warm to JavaScript.
 *
 *   RIP ─→ link ─ compiled? ─→ region (calls, jumps and returns stay in generated code through links)
 *            └── cold ──────→ cold tier, one block; after `warmUp` executions the link is queued for compiling
 *
 * Generated code never faults: where a check fails it comes back and the cold tier executes that one instruction
 * (DESIGN decision 6). Code is only dropped while no generated code is on the host's stack: by the cold tier's stores,
 * by the kernel, or here when the cache is full.
 */
import { compileBatch, type RegionHost, type Views } from '../backends/js/compile.ts';
import { REGION_SLOT, type Region, STOP } from '../backends/region/region.ts';
import type { ColdTier, Executor, ExecutorServices } from '../executor.ts';
import type { Exit } from '../exit.ts';
import { FuelGauge } from '../fuel.ts';
import { HELPERS } from '../ir/helpers.ts';
import type { Block } from '../ir/block.ts';
import { optimise } from '../ir/passes/index.ts';
import { STATE_OFFSET } from '../ir/state-layout.ts';
import { GUEST_LIMIT, PERMISSIONS_BASE } from '../memory/address-space.ts';
import type { CodeBytes } from '../memory/code-pages.ts';
import { PAGE_SHIFT } from '../memory/page-permissions.ts';
import type { CpuCounters } from '../statistics.ts';
import { assert } from '../util/assert.ts';
import { CodeLink, type CompiledCode } from './code-link.ts';
import { formRegion } from './region-former.ts';
import { isTraced, stepTraced } from './single-step.ts';

export interface TranslationOptions {
  /** Cold executions of a block before it is compiled; 0 compiles at first sight (tests). */
  readonly warmUp?: number;
  /** Characters of generated source kept before everything is dropped. */
  readonly sizeLimit?: number;
}

// Measured on whole programs, since most warm blocks soon end: hello and a C++ program take 0.47 and 3.3 s of CPU time,
// with 24 it is 0.69 and 3.8. More turns help programs of much cold code (300: python3's start 12 s for 13) and cost those
// with few hot loops (1000: sha256sum of 7 MB 2.5 s for 1.6).
const WARM_UP = 100;
/** Warm blocks wait for company, because each `new Function` costs about 100 µs; but not for long. */
const BATCH = 24;
const PATIENCE = 3;
const SIZE_LIMIT = 64_000_000;
const LINK_LIMIT = 400_000;
/** Frames of nested regions; a frame of V8's interpreter takes some KB, and workers have 1 MB of stack. */
const MAX_DEPTH = 48;
const CACHE_MASK = 0x1fff;
const MAX_BLOCK_INSTRUCTIONS = 32;

const SYSCALL: Exit = { kind: 'syscall' };
const BUDGET: Exit = { kind: 'budget' };

export class TranslatingExecutor implements Executor {
  readonly #services: ExecutorServices;
  readonly #counters: CpuCounters;
  readonly #cold: ColdTier;
  readonly #warmUp: number;
  readonly #sizeLimit: number;
  readonly #views: Views;
  readonly #host: RegionHost;
  #links = new Map<number, CodeLink>();
  /** Direct-mapped by address; in front of #links. */
  readonly #cache: CodeLink[];
  /** Page → links of regions with bytes in it. */
  readonly #byPage = new Map<number, Set<CodeLink>>();
  #queue: CodeLink[] = [];
  #size = 0;
  #modules = 0;
  readonly #gauge: FuelGauge;
  readonly #stopListening: () => void;

  constructor(services: ExecutorServices, cold: ColdTier, options: TranslationOptions = {}) {
    this.#services = services;
    this.#counters = services.counters;
    this.#cold = cold;
    this.#gauge = new FuelGauge(services.space);
    this.#warmUp = options.warmUp ?? WARM_UP;
    this.#sizeLimit = options.sizeLimit ?? SIZE_LIMIT;
    this.#views = viewsOf(services);
    this.#cache = Array.from({ length: CACHE_MASK + 1 }, () => new CodeLink(0));
    this.#host = {
      views: this.#views,
      linkTo: (rip) => this.#linkTo(rip),
      find: (rip) => this.#find(rip),
      helper: (name) => this.#helper(name),
    };
    this.#stopListening = services.codePages.onDrop((page) => this.#dropPage(page));
  }

  get retired(): number {
    return this.#gauge.retired;
  }

  run(stateAddr: number, fuel: number): Exit {
    this.#refreshViews();
    this.#gauge.begin(stateAddr, fuel);
    const exit = fuel > 0 ? this.#execute(stateAddr) : null;
    this.#gauge.end();
    return exit === null || exit.kind === 'budget' ? this.#gauge.exit() : exit;
  }

  interrupt(): void {
    this.#gauge.interrupt();
  }

  dispose(): void {
    this.#stopListening();
    this.#flush();
    this.#cold.dispose();
  }

  #execute(S: number): Exit {
    const { I } = this.#views;
    const ripAt = (S + STATE_OFFSET.rip) >> 2;
    for (;;) {
      if (isTraced(this.#services.space, S)) return stepTraced(this.#cold, this.#services.space, S);
      const exit = I[ripAt + 1] === 0 ? this.#runAt(I[ripAt], S) : this.#step(S);
      if (exit !== null) return exit;
    }
  }

  #runAt(rip: number, S: number): Exit | null {
    const link = this.#find(rip);
    return link.isCompiled ? this.#runRegion(link, S) : this.#runCold(link, S);
  }

  #runRegion(link: CodeLink, S: number): Exit | null {
    const { I } = this.#views;
    const ripAt = (S + STATE_OFFSET.rip) >> 2;
    // A guest that jumps to address 0 looks like a stop; RIP is then 0 and the cold tier raises the fault.
    I[ripAt] = 0;
    I[ripAt + 1] = 0;
    I[(S + REGION_SLOT.reason) >> 2] = STOP.slow;
    const { exits } = this.#counters;
    this.#counters.entries++;
    this.#counters.enter('regions');
    const next = link.run(S, MAX_DEPTH);
    if (next !== 0) {
      exits.unlinked++;
      I[ripAt] = next;
      return null;
    }
    switch (I[(S + REGION_SLOT.reason) >> 2]) {
      case STOP.slow:
        exits['failed check']++;
        return this.#step(S);
      case STOP.syscall:
        exits.syscall++;
        return SYSCALL;
      case STOP.budget:
        exits.budget++;
        return BUDGET;
      default:
        return null; // far and redispatch: the loop sees them
    }
  }

  /** One instruction on the cold tier. @returns null to go on. */
  #step(S: number): Exit | null {
    this.#counters.enter('reference');
    return this.#cold.step(S);
  }

  #runCold(link: CodeLink, S: number): Exit | null {
    if (link.parked !== null && this.#revive(link, link.parked)) return null;
    if (++link.executions >= this.#warmUp && !link.isQueued) {
      link.isQueued = true;
      this.#queue.push(link);
    }
    if (this.#queue.length >= BATCH || (link.isQueued && link.executions >= this.#warmUp * PATIENCE)) {
      this.#compileQueue();
      if (link.isCompiled) return null;
    }
    this.#counters.coldBlocks++;
    this.#counters.enter('cold');
    const exit = this.#cold.runBlock(S);
    link.noteTarget(this.#views.I[(S + STATE_OFFSET.rip) >> 2] >>> 0);
    return exit;
  }

  // Links

  #find(rip: number): CodeLink {
    const slot = (rip ^ (rip >>> 11)) & CACHE_MASK;
    const known = this.#cache[slot];
    if (known.rip === rip && rip !== 0) return known;
    return (this.#cache[slot] = this.#linkTo(rip >>> 0));
  }

  #linkTo(rip: number): CodeLink {
    const known = this.#links.get(rip);
    if (known !== undefined) return known;
    const link = new CodeLink(rip);
    this.#links.set(rip, link);
    return link;
  }

  #helper(name: string): (S: number, first: number, second: number) => number {
    const helper = HELPERS.get(name);
    assert(helper !== undefined, `js: helper '${name}'`);
    const { space, ports } = this.#services;
    return (S, first, second) => helper({ space, state: S, ports }, first, second);
  }

  // Compiling

  #compileQueue(): void {
    if (this.#size > this.#sizeLimit || this.#links.size > LINK_LIMIT) {
      this.#flush();
      this.#counters.flushes++;
    }
    const counters = this.#counters;
    counters.enter('translating');
    const startMs = this.#services.nowMs();
    const regions = this.#formRegions([...new Set(this.#queue)]);
    this.#queue = [];
    if (regions.length === 0) return;
    const { functions, size } = compileBatch(regions, this.#host);
    functions.forEach((run, i) =>
      this.#install({ run, pieces: regions[i].blocks.map((block) => this.#bytesOf(block)) }),
    );
    this.#size += size;
    this.#modules++;
    counters.translateMs += this.#services.nowMs() - startMs;
    counters.bytesGenerated += size;
    counters.regionsCompiled += regions.length;
    counters.modulesCompiled++;
    counters.liveModules++;
    counters.liveBytes += size;
  }

  /** A block that is inside of a region of this batch needs no region of its own yet; it counts anew. */
  #formRegions(links: readonly CodeLink[]): Region[] {
    const covered = new Set<number>();
    const regions: Region[] = [];
    for (const link of links) {
      const region = link.isCompiled || covered.has(link.rip >>> 0) ? null : this.#formRegion(link);
      if (region === null) {
        link.isQueued = false;
        link.executions = Math.min(link.executions, 1);
        continue;
      }
      regions.push(region);
      for (const block of region.blocks) covered.add(block.rip);
    }
    return regions;
  }

  #formRegion(link: CodeLink): Region | null {
    const lift = (rip: number): ReturnType<ExecutorServices['lift']> =>
      optimise(this.#services.lift(rip, MAX_BLOCK_INSTRUCTIONS));
    const root = lift(link.rip >>> 0);
    if (root.instructionCount === 0 || root.volatileBytes !== undefined) return null;
    const least = Math.min(1, this.#warmUp);
    // What has a region of its own already is linked, not copied.
    const isWanted = (rip: number): boolean => {
      const known = this.#links.get(rip);
      if (rip < 0 || rip >= GUEST_LIMIT || known?.isCompiled === true) return false;
      return (known?.executions ?? 0) >= least;
    };
    const region = formRegion(root, lift, isWanted, (rip) => this.#links.get(rip)?.targets ?? []);
    this.#counters.blocksCompiled += region.blocks.length;
    return region;
  }

  #bytesOf({ rip, sizeBytes }: Block): CodeBytes {
    return { rip, bytes: this.#services.space.u8.slice(rip, rip + sizeBytes) };
  }

  #install(code: CompiledCode): void {
    const link = this.#linkTo(code.pieces[0].rip);
    link.install(code);
    this.#counters.liveRegions++;
    for (const { rip, bytes } of code.pieces) {
      this.#services.codePages.add(rip, bytes.length);
      for (let page = rip >>> PAGE_SHIFT; page <= (rip + bytes.length - 1) >>> PAGE_SHIFT; page++) {
        const links = this.#byPage.get(page);
        if (links === undefined) this.#byPage.set(page, new Set([link]));
        else links.add(link);
      }
    }
  }

  /**
   * A store beside a region, mprotect there and back, or unloading and loading the same file drops what is still right.
   * @returns whether the region is live again
   */
  #revive(link: CodeLink, code: CompiledCode): boolean {
    const { codePages } = this.#services;
    const isVolatile = ({ rip, bytes }: CodeBytes): boolean =>
      codePages.isVolatile(rip >>> PAGE_SHIFT) || codePages.isVolatile((rip + bytes.length - 1) >>> PAGE_SHIFT);
    if (code.pieces.some(isVolatile)) return false;
    if (!code.pieces.every((piece) => codePages.isIntact(piece))) {
      link.forget();
      return false;
    }
    this.#install(code);
    return true;
  }

  #dropPage(page: number): void {
    const links = this.#byPage.get(page);
    if (links === undefined) return;
    this.#byPage.delete(page);
    for (const link of links) {
      if (!link.isCompiled) continue;
      this.#counters.liveRegions--;
      this.#counters.regionsDropped++;
      link.park();
    }
  }

  #forget(link: CodeLink): void {
    if (link.isCompiled) this.#counters.liveRegions--;
    link.forget();
  }

  /** Forgets all generated code; what is still warm comes back soon. */
  #flush(): void {
    for (const link of this.#links.values()) this.#forget(link);
    this.#links = new Map();
    const none = new CodeLink(0);
    for (let i = 0; i <= CACHE_MASK; i++) this.#cache[i] = none;
    this.#byPage.clear();
    this.#queue = [];
    this.#counters.liveModules -= this.#modules;
    this.#counters.liveBytes -= this.#size;
    this.#size = 0;
    this.#modules = 0;
  }

  #refreshViews(): void {
    const { space } = this.#services;
    if (this.#views.I === space.i32) return;
    Object.assign(this.#views, viewsOf(this.#services));
  }
}

function viewsOf({ space }: ExecutorServices): Views {
  return {
    D: space.data,
    I: space.i32,
    P: new Uint8Array(space.memory.buffer, PERMISSIONS_BASE, GUEST_LIMIT / 2 ** PAGE_SHIFT),
  };
}
