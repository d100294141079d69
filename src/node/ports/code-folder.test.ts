import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KeptModule } from '../../guest-kernel/index.ts';
import { CodeFolder } from './code-folder.ts';

const [FIRST, SECOND] = ['00112233aabbccdd', '0123456789abcdef'];
let parent: string;

beforeEach(() => (parent = mkdtempSync(join(tmpdir(), 'osv-code-'))));
afterEach(() => rmSync(parent, { recursive: true }));

function loaded(folder: CodeFolder): readonly KeptModule[] {
  let kept: readonly KeptModule[] = [];
  folder.load((found) => (kept = found));
  return kept;
}

it('what is kept is there for the next run, and what is dropped is not', () => {
  const first = new CodeFolder(join(parent, 'v1'));
  expect(loaded(first)).toEqual([]);
  first.keep({ key: FIRST, bytes: Uint8Array.of(1, 2) });
  first.keep({ key: SECOND, bytes: Uint8Array.of(3) });
  first.close();
  const second = new CodeFolder(join(parent, 'v1'));
  expect(loaded(second).map(({ key, bytes }) => [key, ...bytes])).toEqual(
    expect.arrayContaining([
      [FIRST, 1, 2],
      [SECOND, 3],
    ]),
  );
  second.drop(FIRST);
  second.close();
  expect(loaded(new CodeFolder(join(parent, 'v1'))).map(({ key }) => key)).toEqual([SECOND]);
});

it('what another translator kept goes, and strange files are left alone', () => {
  const former = new CodeFolder(join(parent, 'v1'));
  former.keep({ key: FIRST, bytes: Uint8Array.of(1) });
  former.close();
  const now = new CodeFolder(join(parent, 'v2'));
  expect(loaded(now)).toEqual([]);
  now.keep({ key: SECOND, bytes: Uint8Array.of(2) });
  now.close();
  expect(existsSync(join(parent, 'v1'))).toBe(false);
  writeFileSync(join(parent, 'v2', 'notes.txt'), 'x');
  expect(loaded(new CodeFolder(join(parent, 'v2')))).toHaveLength(1);
  expect(readdirSync(join(parent, 'v2'))).toContain('notes.txt');
});

it('what lies beside the folder and is none of ours stays', () => {
  writeFileSync(join(parent, 'letter'), 'x');
  mkdirSync(join(parent, 'work', FIRST), { recursive: true });
  writeFileSync(join(parent, 'work', 'letter'), 'x');
  mkdirSync(join(parent, 'empty'));
  const folder = new CodeFolder(join(parent, 'v1'));
  folder.keep({ key: FIRST, bytes: Uint8Array.of(1) });
  folder.close();
  expect(readdirSync(parent).toSorted()).toEqual(['empty', 'letter', 'v1', 'work']);
});

it('a folder that cannot be written keeps nothing and says nothing', () => {
  writeFileSync(join(parent, 'file'), '');
  const folder = new CodeFolder(join(parent, 'file', 'v1'));
  folder.keep({ key: FIRST, bytes: Uint8Array.of(1) });
  expect(() => folder.close()).not.toThrow();
});
