import { describe, expect, it } from 'vitest';
import { LockPriority } from './lock-priority.ts';

interface Thread {
  own: number;
  changes: number;
  readonly lock: LockPriority;
}

function thread(own: number): Thread {
  const made: Thread = {
    own,
    changes: 0,
    lock: new LockPriority(
      () => made.own,
      () => made.changes++,
    ),
  };
  return made;
}

describe('priority inheritance', () => {
  it('lends the highest priority of those who wait, and takes it back', () => {
    const [holder, low, high] = [thread(0), thread(3), thread(10)];
    low.lock.waitFor(holder.lock);
    high.lock.waitFor(holder.lock);
    expect(holder.lock.value).toBe(10);
    high.lock.waitFor(undefined);
    expect(holder.lock.value).toBe(3);
    low.lock.waitFor(undefined);
    expect(holder.lock.value).toBe(0);
    expect(holder.changes).toBe(4);
  });

  it('goes along a chain, also when a priority changes later', () => {
    const [a, b, c] = [thread(1), thread(0), thread(5)];
    b.lock.waitFor(a.lock);
    c.lock.waitFor(b.lock);
    expect([a.lock.value, b.lock.value]).toEqual([5, 5]);
    c.own = 20;
    c.lock.refresh();
    expect([a.lock.value, b.lock.value]).toEqual([20, 20]);
    c.own = 0;
    c.lock.refresh();
    expect([a.lock.value, b.lock.value]).toEqual([1, 0]);
  });

  it('moves with the lock to its next owner', () => {
    const [first, next, waiter] = [thread(0), thread(2), thread(9)];
    next.lock.waitFor(first.lock);
    waiter.lock.waitFor(first.lock);
    next.lock.waitFor(undefined);
    waiter.lock.waitFor(next.lock);
    expect([first.lock.value, next.lock.value]).toEqual([0, 9]);
  });

  it('takes a very long chain for a circle, and goes along it whatever its length', () => {
    const chain = Array.from({ length: 20_000 }, () => thread(0));
    chain.forEach(({ lock }, i) => lock.waitFor(chain[i + 1]?.lock));
    const [first, last] = [chain[0], chain.at(-1)];
    expect(first?.lock.dependsOn(thread(0).lock)).toBe(true);
    expect(chain.at(-1000)?.lock.dependsOn(thread(0).lock)).toBe(false);
    thread(7).lock.waitFor(first?.lock);
    expect(last?.lock.value).toBe(7);
  });

  it('sees who would wait for itself', () => {
    const [a, b, c] = [thread(0), thread(0), thread(0)];
    b.lock.waitFor(a.lock);
    c.lock.waitFor(b.lock);
    expect(c.lock.dependsOn(a.lock)).toBe(true);
    expect(a.lock.dependsOn(c.lock)).toBe(false);
    expect(a.lock.dependsOn(a.lock)).toBe(true);
  });
});
