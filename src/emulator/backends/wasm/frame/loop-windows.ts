/**
 * Loops whose accesses are tested before they are made: once where the loop is entered, and again when a window of pages is
 * used up (window-code.ts).
 *
 * An access is taken out of its turn when its address is a sum of registers that each turn changes by the same amount, or not
 * at all. Then some turns are known to stay in a window of pages; permissions do not change meanwhile. (Only the kernel and
 * helpers change them: the kernel has control only outside of generated code, where a region's windows do not live on, and
 * loops with helpers have none. Other threads of the memory run on other turns of the same worker.)
 *
 * The window is part of the fuel: what the fuel test of the loop counts down ends with whichever is used up first. So a turn
 * pays nothing for it. Each jump back must have that test, and what is put aside is given back on all ways out.
 *
 * Tested are accesses that each turn is sure to reach, so that a test that fails tells what the access itself would tell: the
 * reference interpreter then does the first instruction of the turn, and the turn goes on in the cold tier.
 */
import { exitOf, type Block, type Op } from '../../../ir/block.ts';
import { specOf } from '../../../ir/ops.ts';
import { dominates, type Graph, type Shape } from '../../region/structure.ts';
import { accessBytes } from './access-groups.ts';
import { type Loop, type SteadyAccesses, steadyAccesses } from './invariant-accesses.ts';
import { type Affine, type AffineState, followAffine, hasSameTerms, holds, isSameAffine, metStates } from './affine.ts';

export interface LoopWindow {
  readonly head: number;
  readonly groups: readonly WindowGroup[];
  /** Instructions of the shortest turn. */
  readonly leastCost: number;
  /** Some group moves, so there are windows that end. */
  readonly moves: boolean;
}

/** Accesses at Σ factor × register + [least, end), at the head of a turn. */
export interface WindowGroup {
  readonly terms: Affine['terms'];
  least: number;
  end: number;
  /** FAST_READ (1) or FAST_WRITE (2), which implies it. */
  bit: number;
  /** Bytes it moves by in a turn. */
  readonly step: number;
  /** The register whose value is added to that; -1 for none. */
  readonly stepBy: number;
}

export interface LoopWindows {
  readonly byHead: ReadonlyMap<number, LoopWindow>;
  /** The one whose loop a node is in. */
  readonly byNode: ReadonlyMap<number, LoopWindow>;
  /** Accesses that need no test where they are. */
  readonly tested: ReadonlySet<Op>;
  readonly steady: SteadyAccesses;
}

const NOTHING_SET: AffineState = new Map();
const MOST_SPAN = 4096;
/** Where conditional accesses may reach beyond those that are certain. */
const NEAR_BYTES = 64;
/** Two pages are to last for some turns. */
const MOST_STEP = 512;
const MOST_GROUPS = 6;

export function loopWindows(blocks: readonly Block[], graph: Graph, shape: Shape): LoopWindows {
  const byHead = new Map<number, LoopWindow>();
  const byNode = new Map<number, LoopWindow>();
  const tested = new Set<Op>();
  const loops: Loop[] = [];
  for (const head of shape.order) {
    if (!shape.isLoopHead[head]) continue;
    const nodes = loopNodes(head, graph, shape);
    if (!isQuiet(nodes, blocks)) continue;
    loops.push({ head, nodes });
    if (!isPlain(head, nodes, blocks, graph, shape)) continue;
    const window = new WindowPlanner(head, nodes, blocks, graph).plan(tested);
    if (window === null) continue;
    byHead.set(head, window);
    for (const node of nodes) byNode.set(node, window);
  }
  return { byHead, byNode, tested, steady: steadyAccesses(loops, blocks, tested) };
}

/** Nodes from which a jump back to the head is reached without leaving what the head dominates, in order. */
function loopNodes(head: number, { successors }: Graph, { order, dominator }: Shape): readonly number[] {
  const below = order.filter((node) => dominates(dominator, head, node));
  const nodes = new Set<number>([head]);
  for (let size = 0; size !== nodes.size;) {
    size = nodes.size;
    for (const node of below) if (successors[node].some((next) => nodes.has(next))) nodes.add(node);
  }
  return below.filter((node) => nodes.has(node));
}

/** Whether nobody in the loop looks at fuel or changes permissions. */
function isQuiet(nodes: readonly number[], blocks: readonly Block[]): boolean {
  return nodes.every((node) => {
    const { ops } = blocks[node];
    return exitOf(blocks[node]).name !== 'repeatString' && ops.every(({ name }) => specOf(name).effects !== 'helper');
  });
}

/** An innermost loop whose jumps back are tested for fuel. */
function isPlain(
  head: number,
  nodes: readonly number[],
  blocks: readonly Block[],
  { successors }: Graph,
  shape: Shape,
): boolean {
  return nodes.every((node) => {
    const block = blocks[node];
    if (block.instructionCount === 0 || (node !== head && shape.isLoopHead[node])) return false;
    if (!successors[node].includes(head)) return true;
    const exit = exitOf(block);
    if (exit.name !== 'jump' && exit.name !== 'branch') return false;
    const last = block.ops.findLast(({ name }) => name === 'instruction');
    return last !== undefined && blocks[head].rip <= last.imm;
  });
}

interface Access {
  readonly op: Op;
  readonly node: number;
  readonly address: Affine;
}

interface Step {
  readonly by: number;
  readonly variable: number;
}

class WindowPlanner {
  readonly #head: number;
  readonly #nodes: readonly number[];
  readonly #inside: ReadonlySet<number>;
  readonly #blocks: readonly Block[];
  readonly #graph: Graph;
  readonly #accesses: Access[] = [];
  /** What registers hold behind each block that jumps back. */
  readonly #ends: AffineState[] = [];

  constructor(head: number, nodes: readonly number[], blocks: readonly Block[], graph: Graph) {
    this.#head = head;
    this.#nodes = nodes;
    this.#inside = new Set(nodes);
    this.#blocks = blocks;
    this.#graph = graph;
  }

  /** @param tested gets the accesses that the window tests */
  plan(tested: Set<Op>): LoopWindow | null {
    this.#follow();
    const groups: WindowGroup[] = [];
    const certain = new Set(
      [...new Set(this.#accesses.map(({ node }) => node))].filter((node) => this.#isCertain(node)),
    );
    for (const isCertain of [true, false]) {
      for (const access of this.#accesses) {
        if (certain.has(access.node) !== isCertain || !this.#add(groups, access, isCertain)) continue;
        tested.add(access.op);
      }
    }
    if (groups.length === 0) return null;
    const moves = groups.some(({ step, stepBy }) => step !== 0 || stepBy >= 0);
    return { head: this.#head, groups, leastCost: this.#leastCost(), moves };
  }

  /** Finds all accesses, in terms of the registers at the head. */
  #follow(): void {
    const starts = new Map<number, AffineState>([[this.#head, new Map()]]);
    for (const node of this.#nodes) {
      const end = followAffine(this.#blocks[node].ops, starts.get(node) ?? new Map(), (op, valueOf) => {
        const { effects } = specOf(op.name);
        if (effects !== 'load' && effects !== 'store') return;
        const address = valueOf(op.args[0]);
        if (address?.span === 0) this.#accesses.push({ op, node, address });
      });
      for (const next of this.#graph.successors[node]) {
        const known = starts.get(next);
        if (next === this.#head) this.#ends.push(end);
        else if (this.#inside.has(next)) starts.set(next, known === undefined ? end : metStates(known, end));
      }
    }
  }

  /** By what each turn changes the register; null when not all by the same. */
  #stepOf(variable: number): Step | null {
    const steps = this.#ends.map((end) => this.#stepBehind(end, variable));
    const [first] = steps;
    return first !== null && steps.every((step) => step?.by === first.by && step.variable === first.variable)
      ? first
      : null;
  }

  #stepBehind(end: AffineState, variable: number): Step | null {
    const value = holds(end, variable);
    if (value === null || value.span > 0 || value.terms.get(variable) !== 1) return null;
    if (value.terms.size === 1) return { by: value.constant, variable: -1 };
    const [other, ...more] = [...value.terms].filter(([each]) => each !== variable);
    if (more.length > 0 || other[1] !== 1 || value.constant !== 0) return null;
    return this.#ends.every((each) => isSameAffine(holds(each, other[0]), holds(NOTHING_SET, other[0])))
      ? { by: 0, variable: other[0] }
      : null;
  }

  #moveOf({ terms }: Affine): Step | null {
    let [by, variable] = [0, -1];
    for (const [each, factor] of terms) {
      const step = this.#stepOf(each);
      if (step === null || (step.variable >= 0 && (variable >= 0 || factor !== 1))) return null;
      by += step.by * factor;
      if (step.variable >= 0) variable = step.variable;
    }
    return Math.abs(by) > MOST_STEP || (variable >= 0 && by !== 0) ? null : { by, variable };
  }

  #add(groups: WindowGroup[], { op, address }: Access, isCertain: boolean): boolean {
    const bit = specOf(op.name).effects === 'store' ? 2 : 1;
    const [least, end] = [address.constant, address.constant + accessBytes(op)];
    if (end !== (end | 0)) return false;
    const near = groups.find(
      (group) =>
        hasSameTerms(group.terms, address.terms) &&
        Math.max(end, group.end) - Math.min(least, group.least) <= MOST_SPAN &&
        (isCertain || (bit <= group.bit && isAlmostInside(group, least, end))),
    );
    if (near !== undefined) {
      near.least = Math.min(near.least, least);
      near.end = Math.max(near.end, end);
      near.bit |= bit;
      return true;
    }
    if (!isCertain || groups.length === MOST_GROUPS || end - least > MOST_SPAN) return false;
    const step = this.#moveOf(address);
    if (step === null) return false;
    groups.push({ terms: address.terms, least, end, bit, step: step.by, stepBy: step.variable });
    return true;
  }

  /** Whether each turn that starts gets there, if it is not stopped before. */
  #isCertain(node: number): boolean {
    const seen = new Set<number>();
    const mayMiss = (at: number): boolean => {
      if (at === node || seen.has(at)) return false;
      seen.add(at);
      const exit = exitOf(this.#blocks[at]);
      if (exit.name !== 'jump' && exit.name !== 'branch') return true;
      const targets = exit.name === 'jump' ? [exit.imm] : [exit.imm, exit.imm2];
      const inside = this.#graph.successors[at].filter((next) => this.#inside.has(next) && next !== this.#head);
      return inside.length < new Set(targets).size || inside.some(mayMiss);
    };
    return !mayMiss(this.#head);
  }

  #leastCost(): number {
    const costs = new Map<number, number>([[this.#head, 0]]);
    let least = Infinity;
    for (const node of this.#nodes) {
      const cost = (costs.get(node) ?? 0) + this.#blocks[node].instructionCount;
      for (const next of this.#graph.successors[node]) {
        if (next === this.#head) least = Math.min(least, cost);
        else costs.set(next, Math.min(costs.get(next) ?? Infinity, cost));
      }
    }
    return least;
  }
}

function isAlmostInside(group: WindowGroup, least: number, end: number): boolean {
  return least >= group.least - NEAR_BYTES && end <= group.end + NEAR_BYTES;
}
