/**
 * A control-flow graph as nested loops and labelled blocks, so that generated code needs no dispatch variable.
 *
 * After N. Ramsey, "Beyond Relooper" (ICFP 2022): walk the dominator tree; a node with several forward predecessors is
 * placed after a labelled block that its predecessors break out of, a node with a back edge opens a loop. An edge that
 * closes a loop whose head does not dominate its source (irreducible code) is not structured: the writer is asked to
 * leave the region there, or has a dispatcher in front of such a loop (dispatchers.ts).
 */

/** Nodes are numbered 0 (the entry) to successors.length - 1. */
export interface Graph {
  /** Per node the nodes it may go on at. */
  readonly successors: readonly (readonly number[])[];
}

export interface Shape {
  /** Reachable nodes in reverse postorder. */
  readonly order: readonly number[];
  /** Position in `order` by node; -1 when unreachable. */
  readonly position: Int32Array;
  /** Immediate dominator by node; the entry's is itself. */
  readonly dominator: Int32Array;
  readonly isLoopHead: readonly boolean[];
  /** Whether several forward edges lead to the node. */
  readonly isMerge: readonly boolean[];
}

/** How an edge is written. */
export type EdgeKind = 'continue' | 'break' | 'inline' | 'leave';

export function shapeOf(graph: Graph): Shape {
  const order = reversePostorder(graph);
  const position = new Int32Array(graph.successors.length).fill(-1);
  order.forEach((node, i) => (position[node] = i));
  const dominator = immediateDominators(graph, order, position);
  const forwardEdges = new Int32Array(graph.successors.length);
  const isLoopHead = graph.successors.map(() => false);
  for (const node of order) {
    for (const next of graph.successors[node]) {
      if (position[next] > position[node]) forwardEdges[next]++;
      else if (dominates(dominator, next, node)) isLoopHead[next] = true;
    }
  }
  return { order, position, dominator, isLoopHead, isMerge: [...forwardEdges].map((count) => count > 1) };
}

/** What an edge from `from` to `to` becomes. */
export function edgeKind({ position, dominator, isMerge }: Shape, from: number, to: number): EdgeKind {
  if (position[to] <= position[from]) return dominates(dominator, to, from) ? 'continue' : 'leave';
  return isMerge[to] ? 'break' : 'inline';
}

/** Merge nodes that `node` immediately dominates, the last in program order first: the order in which blocks are opened. */
export function mergesBelow({ order, dominator, isMerge }: Shape, node: number): number[] {
  return order.filter((child) => isMerge[child] && dominator[child] === node && child !== node).toReversed();
}

function reversePostorder({ successors }: Graph): number[] {
  const seen = new Set<number>([0]);
  const postorder: number[] = [];
  const stack: { node: number; next: number }[] = [{ node: 0, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    // The last successor is visited first, so that the first one follows its source directly.
    const targets = successors[top.node];
    const child = targets[targets.length - 1 - top.next++];
    if (child === undefined) postorder.push(stack.pop()?.node ?? 0);
    else if (!seen.has(child)) {
      seen.add(child);
      stack.push({ node: child, next: 0 });
    }
  }
  return postorder.toReversed();
}

// K. Cooper, T. Harvey, K. Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
function immediateDominators({ successors }: Graph, order: readonly number[], position: Int32Array): Int32Array {
  const dominator = new Int32Array(successors.length).fill(-1);
  dominator[0] = 0;
  const predecessors = successors.map((): number[] => []);
  for (const node of order) for (const next of successors[node]) predecessors[next].push(node);
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (const node of order) {
      if (node === 0) continue;
      let common = -1;
      for (const from of predecessors[node]) {
        if (dominator[from] < 0) continue;
        common = common < 0 ? from : commonDominator(dominator, position, common, from);
      }
      if (dominator[node] !== common) {
        dominator[node] = common;
        hasChanged = true;
      }
    }
  }
  return dominator;
}

function commonDominator(dominator: Int32Array, position: Int32Array, a: number, b: number): number {
  while (a !== b) {
    while (position[a] > position[b]) a = dominator[a];
    while (position[b] > position[a]) b = dominator[b];
  }
  return a;
}

export function dominates(dominator: Int32Array, above: number, node: number): boolean {
  let at = node;
  while (at !== above && at !== 0) at = dominator[at];
  return at === above;
}
