import { directTargets, fallsInto, graphOf, type Region } from '../backends/region/region.ts';
import { shapeOf } from '../backends/region/structure.ts';
import { exitOf, type Block, type Op } from '../ir/block.ts';
import { inlinedCalls, ShortFunctions } from './inlined-calls.ts';
import type { RegionLimits } from './region-backend.ts';

/** What a region is made of: blocks by address, and what is known of them. */
export interface CodeSurvey {
  /** @param maxInstructions where the block shall end if it does not before */
  lift(rip: number, maxInstructions?: number): Block;
  /** Whether a block there belongs into a region. */
  isWanted(rip: number): boolean;
  /** Where the indirect jump of the block was seen to go. */
  targetsOf(block: Block): readonly number[];
  /** Whether a region starts there that was compiled before; where this is not told, such regions are left alone. */
  isCompiled?(rip: number): boolean;
}

/** Instructions of a block that others were joined to. A turn of a loop is one block then, as far as it goes straight. */
export const MAX_JOINED = 96;

/** What of other regions may be written again, so that a loop need not go through them at each turn. */
const LOOP_LIMITS = { blocks: 12, instructions: 120 } as const;
/** The same for the loop of an interpreter, which has a block or two for each of its cases. */
const SWITCH_LIMITS = { blocks: 24, instructions: 200 } as const;

/**
 * Collects the blocks that direct jumps reach from `root` and that are wanted, breadth first, so that a bound cuts off what
 * is far from the entry.
 */
export function formRegion(
  root: Block,
  survey: CodeSurvey,
  { maxBlocks, maxInstructions, joins }: Pick<RegionLimits, 'maxBlocks' | 'maxInstructions' | 'joins'>,
): Region {
  const indirect = new Map<number, readonly number[]>();
  const blocks = [root];
  const seen = new Set([root.rip]);
  let instructions = root.instructionCount;
  const functions = new ShortFunctions({ ...survey, isUsed: (rip) => isUsed(survey, rip) }, joins);
  /** Blocks of short functions that are called here: compiled or not, they are to be here too. */
  const called = new Set<number>();
  const targetsOf = (block: Block): readonly number[] => {
    const exit = exitOf(block);
    if (exit.name === 'jumpIndirect') {
      const targets = indirect.get(block.rip) ?? survey.targetsOf(block);
      indirect.set(block.rip, targets);
      return targets;
    }
    if (exit.name !== 'call' || joins === 'calls') return directTargets(block, joins);
    const inside = callsInside(exit) ? functions.at(exit.imm) : null;
    for (const rip of inside ?? []) called.add(rip);
    return inside === null ? [] : [exit.imm, exit.imm2];
  };
  const callsInside = ({ imm2 }: Op): boolean => seen.has(imm2) || survey.isWanted(imm2);
  for (let i = 0; i < blocks.length; i++) {
    for (const rip of targetsOf(blocks[i])) {
      if (seen.has(rip) || blocks.length === maxBlocks || instructions >= maxInstructions) continue;
      if (!called.has(rip) && !survey.isWanted(rip)) continue;
      const next = survey.lift(rip);
      seen.add(rip);
      if (next.instructionCount === 0 || next.volatileBytes !== undefined) continue;
      blocks.push(next);
      instructions += next.instructionCount;
    }
  }
  blocks.push(...loopsOutside(blocks, survey, joins, targetsOf));
  const starts = new Set(blocks.map(({ rip }) => rip));
  const whole = joined(
    blocks.map((block) => endedAt(starts, block, survey)),
    indirect,
    survey,
    joins,
  );
  if (joins === 'calls') return { blocks: whole, joins, indirect };
  return reached({ blocks: whole, joins, ...inlinedCalls(whole, functions, { joins, indirect }) });
}

/** The region without functions whose calls found no room for what is behind them. */
function reached(region: Region): Region {
  const { order } = shapeOf(graphOf(region));
  if (order.length === region.blocks.length) return region;
  const nodes = new Set(order);
  return { ...region, blocks: region.blocks.filter((_, node) => nodes.has(node)) };
}

function isUsed(survey: CodeSurvey, rip: number): boolean {
  return survey.isWanted(rip) || survey.isCompiled?.(rip) === true;
}

/** Blocks that one other alone falls into become part of that one, so far as it may grow: an earlier limit cut them. */
function joined(
  blocks: readonly Block[],
  indirect: ReadonlyMap<number, readonly number[]>,
  survey: CodeSurvey,
  joins: Region['joins'],
): readonly Block[] {
  const byRip = new Map(blocks.map((block) => [block.rip, block]));
  const entries = new Map<number, number>();
  const targets = blocks.flatMap((block) => [...directTargets(block, joins), ...calledBy(block)]);
  for (const rip of [blocks[0].rip, ...targets, ...[...indirect.values()].flat()])
    entries.set(rip, (entries.get(rip) ?? 0) + 1);
  for (const { rip } of blocks) {
    for (let block = byRip.get(rip); block !== undefined;) {
      const exit = exitOf(block);
      const next = fallsInto(block, exit.imm) ? byRip.get(exit.imm) : undefined;
      const count = block.instructionCount + (next?.instructionCount ?? 0);
      // Indirect jumps are known by the address of their block.
      if (next === undefined || indirect.has(next.rip) || entries.get(next.rip) !== 1 || count > MAX_JOINED) break;
      const whole = survey.lift(rip, count);
      if (whole.instructionCount !== count) break;
      byRip.delete(next.rip);
      byRip.set(rip, (block = whole));
    }
  }
  return [...byRip.values()];
}

function calledBy(block: Block): readonly number[] {
  const exit = exitOf(block);
  return exit.name === 'call' ? [exit.imm, exit.imm2] : [];
}

/**
 * The block up to where another one starts: a loop that is fallen into has its body once, and one way in. What is behind
 * is reached through that other block.
 */
function endedAt(starts: ReadonlySet<number>, block: Block, survey: CodeSurvey): Block {
  const addresses = block.ops.filter(({ name }) => name === 'instruction').map(({ imm }) => imm);
  const count = addresses.findIndex((rip, i) => i > 0 && starts.has(rip));
  return count < 0 ? block : survey.lift(block.rip, count);
}

type TargetsOf = (block: Block) => readonly number[];

/**
 * Blocks on the way through other regions back into this one, if it is short; through indirect jumps too if the whole of a
 * switch is.
 */
function loopsOutside(
  inside: readonly Block[],
  survey: CodeSurvey,
  joins: Region['joins'],
  targetsOf: TargetsOf,
): readonly Block[] {
  if (survey.isCompiled === undefined) return [];
  const direct: TargetsOf = (block) => directTargets(block, joins);
  const plain = reachable(inside, survey, direct, LOOP_LIMITS);
  if ([...inside, ...plain.blocks].some((block) => exitOf(block).name === 'jumpIndirect')) {
    const around = reachable(inside, survey, targetsOf, SWITCH_LIMITS);
    if (!around.isCut) return returning(inside, around.blocks, targetsOf);
  }
  return returning(inside, plain.blocks, direct);
}

/** Blocks that are compiled or wanted, breadth first. */
function reachable(
  inside: readonly Block[],
  survey: CodeSurvey,
  targetsOf: TargetsOf,
  limits: { readonly blocks: number; readonly instructions: number },
): { readonly blocks: readonly Block[]; readonly isCut: boolean } {
  const found: Block[] = [];
  const known = new Set(inside.map(({ rip }) => rip));
  let [instructions, isCut] = [0, false];
  const visit = (block: Block): void => {
    for (const rip of targetsOf(block)) {
      if (known.has(rip) || !(survey.isCompiled?.(rip) === true || survey.isWanted(rip))) continue;
      if (found.length >= limits.blocks || instructions >= limits.instructions) {
        isCut = true;
        return;
      }
      const next = survey.lift(rip);
      known.add(rip);
      if (next.instructionCount === 0 || next.volatileBytes !== undefined) continue;
      found.push(next);
      instructions += next.instructionCount;
    }
  };
  for (const block of inside) visit(block);
  for (const block of found) visit(block); // which grows
  return { blocks: found, isCut };
}

function returning(inside: readonly Block[], found: readonly Block[], targetsOf: TargetsOf): readonly Block[] {
  const ways = new Set(inside.map(({ rip }) => rip));
  for (let size = -1; size !== ways.size;) {
    size = ways.size;
    for (const block of found) if (targetsOf(block).some((rip) => ways.has(rip))) ways.add(block.rip);
  }
  return found.filter(({ rip }) => ways.has(rip));
}
