import { expect, it } from 'vitest';
import { TimerHeap } from './timer-heap.ts';

it('fires in order, the cancelled ones not, however many there are of these', () => {
  const heap = new TimerHeap();
  const fired: number[] = [];
  const cancels: (() => void)[] = [];
  for (let i = 0; i < 5000; i++) {
    const atNs = (i * 7919) % 5003;
    const cancel = heap.add(atNs, () => fired.push(atNs));
    if (i % 10 !== 0) cancels.push(cancel);
  }
  for (const cancel of cancels) cancel();
  for (const cancel of cancels) cancel();
  const expected = Array.from({ length: 500 }, (_, i) => (i * 10 * 7919) % 5003).toSorted((a, b) => a - b);
  expect(heap.nextNs).toBe(expected[0]);
  heap.fireDue(2500);
  expect(fired).toEqual(expected.filter((atNs) => atNs <= 2500));
  const late = heap.add(1, () => fired.push(-1));
  late();
  heap.fireDue(10_000);
  expect(fired).toEqual(expected);
  expect(heap.nextNs).toBeUndefined();
});
