/**
 * Loops with several entries made structured: such a loop gets a dispatcher, a node of its own in front of it that goes on
 * at any of its entries. Ways from outside lead there, and so do ways inside of the loop that would leave the region
 * otherwise (structure.ts); the writer puts the number of the entry into the dispatcher's local first.
 *
 * The innermost nodes that make up such a loop are taken, so that loops in it stay loops.
 */
import { assert } from '../../util/assert.ts';
import { dominates, edgeKind, type Graph, type Shape, shapeOf } from './structure.ts';

/** A graph whose edges are all structured. Nodes from `blockCount` on are dispatchers. */
export interface StructuredGraph extends Graph {
  readonly blockCount: number;
  readonly shape: Shape;
  /** Where a dispatcher may go on. */
  readonly entriesOf: (dispatcher: number) => readonly number[];
  /** How an edge of the graph as it was, or from a dispatcher to an entry, goes now. */
  readonly wayTo: (from: number, to: number) => Way;
}

export interface Way {
  /** Where the edge leads: the node itself, or a dispatcher. */
  readonly node: number;
  /** What dispatchers on the way are told: the number of an entry each. */
  readonly choices: readonly { readonly dispatcher: number; readonly entry: number }[];
}

export function structured({ successors }: Graph): StructuredGraph {
  const dispatchers = new Dispatchers(successors);
  let shape = dispatchers.shape();
  for (let edge = leavingEdge(dispatchers, shape); edge !== null; edge = leavingEdge(dispatchers, shape)) {
    dispatchers.redirect(edge, shape);
    shape = dispatchers.shape();
  }
  return {
    successors: dispatchers.successors,
    blockCount: successors.length,
    shape,
    entriesOf: (node) => dispatchers.entriesOf(node),
    wayTo: (from, to) => dispatchers.wayTo(from, to),
  };
}

type Edge = readonly [from: number, to: number];

function leavingEdge({ successors }: Graph, shape: Shape): Edge | null {
  for (const from of shape.order) {
    for (const to of successors[from]) if (edgeKind(shape, from, to) === 'leave') return [from, to];
  }
  return null;
}

class Dispatchers implements Graph {
  readonly successors: number[][];
  /** By source and target: the dispatcher that lies between; there may be another one in front of that. */
  readonly #detours = new Map<number, Map<number, number>>();
  /** By dispatcher. */
  readonly #entries = new Map<number, readonly number[]>();

  constructor(successors: Graph['successors']) {
    this.successors = successors.map((targets) => [...targets]);
  }

  shape(): Shape {
    return shapeOf(this);
  }

  entriesOf(dispatcher: number): readonly number[] {
    return this.#entries.get(dispatcher) ?? [];
  }

  wayTo(from: number, to: number): Way {
    const detours = this.#detours.get(from);
    const choices: { dispatcher: number; entry: number }[] = [];
    let node = to;
    for (let by = detours?.get(node); by !== undefined; by = detours?.get(node)) {
      choices.push({ dispatcher: by, entry: this.entriesOf(by).indexOf(node) });
      node = by;
    }
    return { node, choices };
  }

  redirect([from, to]: Edge, shape: Shape): void {
    for (const [node, entries] of this.#entries) {
      if (entries.includes(to) && dominates(shape.dominator, node, from)) return this.#detour(from, to, node);
    }
    this.#add([from, to], shape);
  }

  #detour(from: number, to: number, by: number): void {
    this.successors[from] = [...new Set(this.successors[from].map((target) => (target === to ? by : target)))];
    const detours = this.#detours.get(from);
    if (detours === undefined) this.#detours.set(from, new Map([[to, by]]));
    else detours.set(to, by);
  }

  /** A dispatcher for the smallest loop that the edge closes. */
  #add([from, to]: Edge, shape: Shape): void {
    const above = commonDominator(shape, from, to);
    const loop = this.#loopBelow(above, to, shape);
    const outside = this.#edgesInto(loop, (node) => !loop.has(node), shape);
    const entries = [...new Set(outside.map(([, entry]) => entry))];
    assert(entries.length > 1, 'regions: a loop with one entry is structured');
    const known = this.entriesOf(above);
    if (entries.every((entry) => known.includes(entry))) {
      // A loop that has its dispatcher, and nothing that closes it goes through that one yet.
      const inside = this.#edgesInto(new Set(entries), (node) => loop.has(node), shape);
      for (const [source, entry] of inside) this.#detour(source, entry, above);
      return;
    }
    const dispatcher = this.successors.push([...entries]) - 1;
    this.#entries.set(dispatcher, entries);
    for (const [source, entry] of outside) this.#detour(source, entry, dispatcher);
  }

  #edgesInto(nodes: ReadonlySet<number>, isSource: (node: number) => boolean, { order }: Shape): Edge[] {
    return order
      .filter(isSource)
      .flatMap((node) => this.successors[node].filter((next) => nodes.has(next)).map((next): Edge => [node, next]));
  }

  /** Nodes on a cycle with `node`, all of them dominated by `above`, which is not part of it. */
  #loopBelow(above: number, node: number, { order, dominator }: Shape): ReadonlySet<number> {
    const below = new Set(order.filter((each) => each !== above && dominates(dominator, above, each)));
    const predecessors = new Map<number, number[]>();
    for (const source of below) {
      for (const next of this.successors[source]) predecessors.set(next, [...(predecessors.get(next) ?? []), source]);
    }
    const ahead = reach(node, (each) => this.successors[each], below);
    const behind = reach(node, (each) => predecessors.get(each) ?? [], below);
    return new Set([...ahead].filter((each) => behind.has(each)));
  }
}

/** The nearest node that strictly dominates `node`, and dominates `other`. */
function commonDominator({ dominator }: Shape, other: number, node: number): number {
  let above = dominator[node];
  while (!dominates(dominator, above, other)) above = dominator[above];
  return above;
}

function reach(
  start: number,
  edges: (node: number) => readonly number[],
  within: ReadonlySet<number>,
): ReadonlySet<number> {
  const seen = new Set([start]);
  for (const node of seen) for (const next of edges(node)) if (within.has(next)) seen.add(next);
  return seen;
}
