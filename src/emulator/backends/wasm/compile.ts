/** Regions → the bytes of one module. */
import type { Block, Op } from '../../ir/block.ts';
import { FLOAT_OPERATIONS } from '../../ir/float-unit.ts';
import { assert } from '../../util/assert.ts';
import type { Region } from '../region/region.ts';
import { HOST, REGION_PARAMETERS, REGION_RESULTS, TABLE } from './convention.ts';
import { emitterOf } from './emit/emit-table.ts';
import type { FunctionBody } from './encoder/code-writer.ts';
import { HELPER_NAMES } from './host-functions.ts';
import { ModuleWriter } from './encoder/module-writer.ts';
import type { ModuleScope } from './frame/module-scope.ts';
import { RegionFrame } from './frame/region-frame.ts';
import { ReturnMap } from './return-map.ts';
import { RUNTIME_FUNCTIONS, type RuntimeFunction } from './runtime-functions.ts';
import { importTwinsWithTop } from './x87/routines.ts';

/** A module and what the slots of its table stand for: entries first, then links. */
export interface CompiledModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Guest address of each region. */
  readonly entries: readonly number[];
  /** Guest addresses outside that regions jump to. */
  readonly links: readonly number[];
}

const RUNTIME_NAMES = Object.keys(RUNTIME_FUNCTIONS) as RuntimeFunction[];

/** @param regions with distinct entries */
export function compileRegions(regions: readonly Region[]): CompiledModule {
  const { module, bodies, ...names } = writeRegions(regions);
  bodies.forEach(({ index, body }) => module.define(index, body));
  return { bytes: module.bytes(), ...names };
}

/** The functions' bodies, for golden files. */
export function regionBodies(regions: readonly Region[]): readonly FunctionBody[] {
  return writeRegions(regions).bodies.map(({ body }) => body);
}

function writeRegions(regions: readonly Region[]): {
  module: ModuleWriter;
  bodies: readonly { index: number; body: FunctionBody }[];
  entries: readonly number[];
  links: readonly number[];
} {
  const module = new ModuleWriter();
  const { stub, ...scope } = importScope(module, regions);
  const entries = regions.map(({ blocks }) => blocks[0].rip);
  const functions = new Map(entries.map((rip) => [rip, module.declare(scope.regionType)]));
  const links = new Numbering<number>();
  const linkSlot = (rip: number): number => entries.length + links.of(rip);
  const regionAt = (rip: number): number | null => functions.get(rip) ?? null;
  const returns = new ReturnMap(regions);
  const bodies = regions.map((region) => {
    const index = functions.get(region.blocks[0].rip);
    assert(index !== undefined, 'wasm: region without a function');
    const returnsTo = returns.of(region);
    return { index, body: new RegionFrame(supported(region), { ...scope, regionAt, linkSlot, returnsTo }).write() };
  });
  module.ownTable(TABLE, [...functions.values(), ...links.items.map(() => stub)]);
  return { module, bodies, entries, links: links.items };
}

function importScope(
  module: ModuleWriter,
  regions: readonly Region[],
): Omit<ModuleScope, 'regionAt' | 'linkSlot' | 'returnsTo'> & { readonly stub: number } {
  const regionType = module.type(REGION_PARAMETERS, REGION_RESULTS);
  const helper = module.importFunction(HOST, 'helper', module.type(['i32', 'i32', 'i32', 'i32'], ['i32']));
  const float = module.importFunction(HOST, 'float', module.type(['i32', 'i32', 'i32'], ['i32']));
  const runtime: Partial<Record<RuntimeFunction, number>> = {};
  for (const name of RUNTIME_NAMES) {
    const { parameters, results } = RUNTIME_FUNCTIONS[name];
    runtime[name] = module.importFunction(HOST, name, module.type(parameters, results));
  }
  module.importMemory(HOST, 'memory');
  const stub = module.importFunction(HOST, 'stub', regionType);
  const jump = module.importFunction(HOST, 'jump', regionType);
  return {
    regionType,
    stub,
    jump,
    helper,
    float,
    runtime: (name) => runtime[name] ?? 0,
    twin: importTwinsWithTop(
      module,
      regions.flatMap(({ blocks }) => blocks),
    ),
    helperIndex: (name) => HELPER_NAMES.indexOf(name),
    floatIndex: (operation) => FLOAT_OPERATIONS.indexOf(operation),
  };
}

/** Numbers things in the order in which they are first asked for. */
class Numbering<T> {
  readonly items: T[] = [];
  readonly #numbers = new Map<T, number>();

  of(item: T): number {
    let number = this.#numbers.get(item);
    if (number === undefined) this.#numbers.set(item, (number = this.items.push(item) - 1));
    return number;
  }
}

/** The region with every block cut off before an instruction that has no emitter: that one leaves by a slow exit. */
function supported(region: Region): Region {
  if (region.blocks.every((block) => block.ops.every(({ name }) => emitterOf(name) !== undefined))) return region;
  return { ...region, blocks: region.blocks.map(cutBlock) };
}

function cutBlock(block: Block): Block {
  const unknown = block.ops.findIndex(({ name }) => emitterOf(name) === undefined);
  if (unknown < 0) return block;
  const boundary = block.ops.findLastIndex(({ name }, i) => name === 'instruction' && i < unknown);
  const exit: Op = { name: 'raise', type: 'none', args: [], imm: 0, imm2: 0, tag: '', id: boundary + 1 };
  const ops = [...block.ops.slice(0, boundary + 1), exit];
  return { ...block, ops, instructionCount: ops.filter(({ name }) => name === 'instruction').length };
}
