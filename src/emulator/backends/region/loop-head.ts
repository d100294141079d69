/**
 * Where a region is better entered. A loop with several entries cannot be written as nested loops (dispatchers.ts). Often
 * that is the fault of a region that starts in the middle of a loop, because its code was found warm there: entered at the
 * head that the compiler meant, the same blocks are structured.
 */
import { edgeKind, type Graph, type Shape, shapeOf } from './structure.ts';

/** A node at which the graph should be entered so that it is structured; 0, the entry, where it is so or there is none. */
export function bestHead(graph: Graph): number {
  const target = leavingTargets(graph, shapeOf(graph))[0];
  if (target === undefined) return 0;
  const loop = cycleThrough(graph, target);
  if (!loop.has(0)) return 0;
  for (const node of loop) if (isStructuredFrom(graph, loop, node)) return node;
  return 0;
}

function leavingTargets(graph: Graph, shape: Shape): number[] {
  return shape.order.flatMap((from) => graph.successors[from].filter((to) => edgeKind(shape, from, to) === 'leave'));
}

/** Whether the loop alone is structured when it is entered there. */
function isStructuredFrom({ successors }: Graph, loop: ReadonlySet<number>, entry: number): boolean {
  const swap = (node: number): number => (node === entry ? 0 : node === 0 ? entry : node);
  const inside = successors.map((targets, from) => (loop.has(from) ? targets.filter((to) => loop.has(to)) : []));
  const graph = { successors: inside.map((_, node) => inside[swap(node)].map(swap)) };
  return leavingTargets(graph, shapeOf(graph)).length === 0;
}

/** The nodes that lie on a cycle with `node`. */
function cycleThrough({ successors }: Graph, node: number): ReadonlySet<number> {
  const predecessors = successors.map((): number[] => []);
  successors.forEach((targets, from) => targets.forEach((to) => predecessors[to].push(from)));
  const ahead = reach(successors, node);
  const behind = reach(predecessors, node);
  return new Set([...ahead].filter((each) => behind.has(each)));
}

function reach(edges: readonly (readonly number[])[], start: number): ReadonlySet<number> {
  const seen = new Set([start]);
  for (const node of seen) for (const next of edges[node]) seen.add(next);
  return seen;
}
