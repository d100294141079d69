/** A region as it will be written: its blocks, how they lie in nested loops, and what is known of each. */
import type { Block, Op } from '../../../ir/block.ts';
import { structured, type StructuredGraph } from '../../region/dispatchers.ts';
import { graphOf, type Region } from '../../region/region.ts';
import { type LoopWindows, loopWindows } from './loop-windows.ts';
import { analyse, type RegionAnalysis } from './region-analysis.ts';

export interface RegionPlan {
  readonly region: Region;
  /** By node; dispatchers have blocks without instructions. */
  readonly blocks: readonly Block[];
  readonly graph: StructuredGraph;
  readonly analysis: RegionAnalysis;
  /** Node by guest address. */
  readonly numbers: ReadonlyMap<number, number>;
  readonly windows: LoopWindows;
}

export function planOf(region: Region): RegionPlan {
  const graph = structured(graphOf(region));
  const dispatchers = graph.successors.slice(region.blocks.length).map(() => DISPATCHER);
  const blocks = [...region.blocks, ...dispatchers];
  const numbers = new Map(region.blocks.map((block, i) => [block.rip, i]));
  const windows = loopWindows(blocks, graph, graph.shape);
  return { region, blocks, graph, numbers, windows, analysis: analyse(blocks, graph, graph.shape, windows) };
}

/** Its exit stands for ways to blocks of the region. */
const EXIT: Op = { name: 'jumpIndirect', type: 'none', args: [], imm: 0, imm2: 0, tag: '', id: 0 };
const DISPATCHER: Block = { rip: -1, sizeBytes: 0, instructionCount: 0, ops: [EXIT] };
