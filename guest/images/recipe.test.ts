import { describe, expect, it } from 'vitest';
import { patternMatcher } from './recipe.ts';

describe('file patterns of recipes', () => {
  it.each([
    ['/usr/lib/libc.so.6', '/usr/lib/libc.so.6', true],
    ['/usr/lib/libc.so.6', '/usr/lib/libcxso.6', false],
    ['/usr/lib/libstdc++.so.6*', '/usr/lib/libstdc++.so.6.0.30', true],
    ['/usr/lib/*', '/usr/lib/a', true],
    ['/usr/lib/*', '/usr/lib/a/b', false],
    ['/usr/lib/**', '/usr/lib/a/b', true],
    ['/usr/lib/**', '/usr/libexec/a', false],
  ])('%s over %s: %s', (pattern, path, expected) => {
    expect(patternMatcher(pattern)(path)).toBe(expected);
  });
});
