import { describe, expect, it } from 'vitest';
import { bestHead } from './loop-head.ts';

// oxfmt-ignore
const GRAPHS: readonly (readonly [name: string, successors: readonly (readonly number[])[], head: number])[] = [
  ['straight code is entered where it starts', [[1], []], 0],
  ['a loop is entered at its head', [[1], [2, 3], [1], []], 0],
  ['a loop entered in its middle is as good', [[1], [2, 0], []], 0],
  // 1 → 2 → 3 → 1 with ways in at 1 and 2: entered at 1, 0 is just another way back to 1 and 2.
  ['a loop that the entry is part of, with two ways on into it', [[1, 2], [2], [3], [0, 1]], 2],
  ['a loop with two ways into it that lies behind the entry stays', [[1, 2], [2], [1]], 0],
];

describe('the head of a region', () => {
  it.each(GRAPHS)('%s', (_, successors, head) => {
    expect(bestHead({ successors })).toBe(head);
  });
});
