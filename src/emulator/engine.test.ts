import { afterEach, describe, expect, it, vi } from 'vitest';
import { chooseEngine, describeChoice, engineNotice, hostAllows } from './engine.ts';

const BOTH = { js: true, wasm: true };
const NO_TEXT = { js: false, wasm: true };
const NO_WASM = { js: true, wasm: false };
const NEITHER = { js: false, wasm: false };

afterEach(() => vi.unstubAllGlobals());

describe('choice of the engine', () => {
  it.each([
    ['auto', NO_WASM, 'js'],
    ['auto', NEITHER, 'reference'],
    ['js', BOTH, 'js'],
    ['js', NEITHER, 'reference'],
    ['wasm', NO_WASM, 'js'],
    ['wasm', NEITHER, 'reference'],
    ['reference', BOTH, 'reference'],
  ] as const)('%s where the host allows %o is %s', (asked, allows, used) => {
    expect(chooseEngine(asked, allows)).toEqual({ asked, used, allows });
  });

  it('nothing is said when the user has what was asked for, or the fastest there is', () => {
    expect(engineNotice(chooseEngine('auto', BOTH))).toBeUndefined();
    expect(engineNotice(chooseEngine('js', BOTH))).toBeUndefined();
    expect(engineNotice(chooseEngine('reference', NEITHER))).toBeUndefined();
  });

  it.each([
    ['js', NO_TEXT, /^Code from text is not allowed here, so programs run /],
    ['wasm', NO_WASM, /^WebAssembly is not allowed here, or too old, so programs run as JavaScript/],
    ['auto', NEITHER, /^Neither code from text nor WebAssembly is allowed here, so .* reference interpreter/],
    ['wasm', NEITHER, /^Neither .* reference interpreter/],
  ] as const)('%s where the host allows %o is told in a sentence', (asked, allows, notice) => {
    expect(engineNotice(chooseEngine(asked, allows))).toMatch(notice);
  });

  it('the boot line tells whether the engine was asked for, chosen, or put in place of another', () => {
    expect(describeChoice({ asked: 'js', used: 'js', allows: BOTH })).toBe('JavaScript (as asked)');
    expect(describeChoice({ asked: 'auto', used: 'wasm', allows: BOTH })).toBe('WebAssembly (auto)');
    expect(describeChoice({ asked: 'js', used: 'wasm', allows: NO_TEXT })).toBe('WebAssembly (instead of JavaScript)');
  });

  it('what the host allows is found by trying', () => {
    expect(hostAllows()).toEqual(BOTH);
    vi.stubGlobal('Function', () => {
      throw new EvalError('unsafe-eval');
    });
    expect(hostAllows()).toEqual(NO_TEXT);
    vi.stubGlobal('WebAssembly', {
      Module: () => {
        throw new TypeError('wasm-unsafe-eval');
      },
    });
    expect(hostAllows()).toEqual(NEITHER);
  });
});
