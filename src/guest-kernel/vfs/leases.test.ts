import { expect, it } from 'vitest';
import { F_UNLCK, F_WRLCK } from '../abi/fcntl.ts';
import type { Inode } from './inode.ts';
import { NotResident } from './inode.ts';
import { breakLeases, endLease, leaseOf, setLease } from './leases.ts';
import type { OpenFile } from './open-file.ts';

it('the patience for one break does not end a lease that was taken anew', () => {
  const [inode, file] = [{} as Inode, {} as OpenFile];
  const forces: (() => void)[] = [];
  let cancelled = 0;
  const take = (): void =>
    setLease(inode, file, F_WRLCK, (force) => {
      forces.push(force);
      return () => void cancelled++;
    });
  const open = (): void => breakLeases(inode, true, false);

  take();
  expect(open).toThrow(NotResident);
  endLease(inode, file);
  expect(cancelled).toBe(1);
  take();
  forces[0]?.();
  expect(leaseOf(inode, file)).toBe(F_WRLCK);

  expect(open).toThrow(NotResident);
  forces[1]?.();
  expect(leaseOf(inode, file)).toBe(F_UNLCK);
  expect(open).not.toThrow();
});
