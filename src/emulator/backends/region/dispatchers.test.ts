import { describe, expect, it } from 'vitest';
import { structured } from './dispatchers.ts';
import { edgeKind, type Graph } from './structure.ts';

/** Follows the graph's edges through the dispatchers. */
function targetsThroughDispatchers({ successors }: Graph): number[][] {
  const { wayTo, entriesOf, successors: ways, shape } = structured({ successors });
  for (const [from, targets] of ways.entries()) {
    if (shape.position[from] < 0) continue;
    for (const to of targets) expect(edgeKind(shape, from, to), `${from} → ${to}`).not.toBe('leave');
  }
  const follow = (from: number, to: number, told: Map<number, number>): number => {
    const { node, choices } = wayTo(from, to);
    for (const { dispatcher, entry } of choices) told.set(dispatcher, entry);
    expect(ways[from]).toContain(node);
    return node < successors.length ? node : follow(node, entriesOf(node)[told.get(node) ?? -1], told);
  };
  return successors.map((targets, from) => targets.map((to) => follow(from, to, new Map())));
}

// oxfmt-ignore
const GRAPHS: readonly (readonly [name: string, successors: readonly (readonly number[])[], dispatchers: number])[] = [
  ['straight code needs none', [[1], [2], []], 0],
  ['nested loops need none', [[1], [2], [2, 3], [1, 4], []], 0],
  ['a loop with two entries gets one', [[1, 2], [2], [1, 3], []], 1],
  ['a loop that the entry jumps into the middle of, beside another loop', [[1, 2], [2, 3], [1], [3, 4], []], 1],
  ['a loop with two entries inside of another one', [[1], [2, 3], [3], [2, 4], [1, 5], []], 1],
  ['two loops with two entries each', [[1, 2], [2], [1, 3], [4, 5], [5], [4, 6], []], 2],
];

describe('a graph with dispatchers', () => {
  it.each(GRAPHS)('%s', (_, successors, dispatchers) => {
    expect(targetsThroughDispatchers({ successors })).toEqual(successors);
    expect(structured({ successors }).successors.length - successors.length).toBe(dispatchers);
  });

  it('keeps every edge of a random graph', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 16) % below;
    };
    for (let round = 0; round < 500; round++) {
      const count = 2 + random(14);
      const successors = Array.from({ length: count }, () => [
        ...new Set(Array.from({ length: random(4) }, () => random(count))),
      ]);
      expect(targetsThroughDispatchers({ successors }), `round ${round}`).toEqual(successors);
    }
  });
});
