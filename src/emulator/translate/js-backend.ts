/** Regions as JavaScript functions that reach each other through their links. */
import { compileBatch, type Link, type RegionFunction, type RegionHost, type Views } from '../backends/js/compile.ts';
import { REGION_SLOT, type Region, STOP } from '../backends/region/region.ts';
import { x87Functions } from '../backends/wasm/x87/module.ts';
import { isTwin } from '../backends/wasm/x87/routines.ts';
import type { ExecutorServices } from '../executor.ts';
import type { HelperPorts } from '../ir/helper-context.ts';
import { HELPERS } from '../ir/helpers.ts';
import { STATE_OFFSET } from '../ir/state-layout.ts';
import { type AddressSpace, GUEST_LIMIT, PERMISSIONS_BASE } from '../memory/address-space.ts';
import { PAGE_SHIFT } from '../memory/page-permissions.ts';
import { assert } from '../util/assert.ts';
import { CodeLink, type CodeUnit } from './code-link.ts';
import { piecesOf } from './code-pieces.ts';
import type { CompiledUnits, LinkSource, RegionBackend, RegionLimits } from './region-backend.ts';

/** Frames of nested regions; a frame of V8's interpreter takes some KB, and workers have 1 MB of stack. */
const MAX_DEPTH = 48;

/** Generated code holds these, so replacing `run` links and unlinks blocks everywhere at once. */
export class JsLink extends CodeLink implements Link {
  /** The region, or a stub that gives the address back to the dispatcher. */
  run: RegionFunction;
  readonly stub: RegionFunction;
  /** Batches whose text names it. */
  references = 0;

  constructor(rip: number) {
    super(rip);
    this.stub = () => rip | 0;
    this.run = this.stub;
  }
}

interface JsUnit extends CodeUnit {
  readonly run: RegionFunction;
  readonly batch: JsBatch;
}

/** Functions of one text, which the collector takes together. */
interface JsBatch {
  readonly links: Set<JsLink>;
  units: number;
}

export class JsBackend implements RegionBackend<JsLink> {
  // Beyond these V8 takes long to optimise a function, or gives up (bench/README.md).
  readonly limits: RegionLimits = { maxBlocks: 12, maxInstructions: 120, joins: 'calls', batchBlocks: 96 };
  readonly #services: ExecutorServices;
  readonly #links: LinkSource<JsLink>;
  readonly #views: Views;
  readonly #host: Omit<RegionHost, 'linkTo'>;

  constructor(services: ExecutorServices, links: LinkSource<JsLink>) {
    this.#services = services;
    this.#links = links;
    this.#views = viewsOf(services);
    this.#host = {
      views: this.#views,
      find: (rip) => links.find(rip),
      helper: (name) => this.#helper(name),
    };
  }

  createLink(rip: number): JsLink {
    return new JsLink(rip);
  }

  compile(regions: readonly Region[]): CompiledUnits {
    const batch: JsBatch = { links: new Set(), units: regions.length };
    const linkTo = (rip: number): JsLink => {
      const link = this.#links.linkTo(rip);
      batch.links.add(link);
      return link;
    };
    const { functions, size } = compileBatch(regions, { ...this.#host, linkTo });
    for (const link of batch.links) link.references++;
    const units = regions.map((region, i): JsUnit => {
      const pieces = piecesOf([region], this.#services.space);
      return { entries: [region.blocks[0].rip], pieces, run: functions[i], batch };
    });
    return { units, size, overhead: 0 };
  }

  reuse(): null {
    return null; // functions belong to the links of their space
  }

  link(unit: JsUnit): void {
    for (const rip of unit.entries) this.#links.linkTo(rip).run = unit.run;
  }

  unlink({ entries }: CodeUnit): void {
    for (const rip of entries) {
      const link = this.#links.linkTo(rip);
      link.run = link.stub;
    }
  }

  discard({ batch }: JsUnit): void {
    if (--batch.units === 0) for (const link of batch.links) link.references--;
  }

  isReferenced({ references }: JsLink): boolean {
    return references > 0;
  }

  refresh(): void {
    if (this.#views.I !== this.#services.space.i32) Object.assign(this.#views, viewsOf(this.#services));
  }

  enter(link: JsLink, S: number): number {
    const { I } = this.#views;
    const ripAt = (S + STATE_OFFSET.rip) >> 2;
    // A guest that jumps to address 0 looks like a stop; RIP is then 0 and the cold tier raises the fault.
    I[ripAt] = 0;
    I[ripAt + 1] = 0;
    I[(S + REGION_SLOT.reason) >> 2] = STOP.slow;
    const next = link.run(S, MAX_DEPTH);
    if (next === 0) return I[(S + REGION_SLOT.reason) >> 2];
    I[ripAt] = next;
    return STOP.unlinked;
  }

  #helper(name: string): HelperFunction {
    const helper = HELPERS.get(name);
    assert(helper !== undefined, `js: helper '${name}'`);
    const { space, ports } = this.#services;
    const twin = twinOf(name, space, ports);
    if (twin !== null) return twin;
    return (S, first, second) => helper({ space, state: S, ports }, first, second);
  }
}

type HelperFunction = (S: number, first: number, second: number) => number;

/** The x87 routine in WebAssembly that does the helper's work; null when there is none, or the page's policy has none run. */
function twinOf(name: string, space: AddressSpace, ports: HelperPorts): HelperFunction | null {
  if (!isTwin(name)) return null;
  try {
    return x87Functions(space, ports)[name] as HelperFunction;
  } catch {
    return null;
  }
}

function viewsOf({ space }: ExecutorServices): Views {
  return {
    D: space.data,
    I: space.i32,
    P: new Uint8Array(space.memory.buffer, PERMISSIONS_BASE, GUEST_LIMIT / 2 ** PAGE_SHIFT),
  };
}
