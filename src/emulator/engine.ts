/** Which executor runs guest code: what was asked for, what the host allows, and what that makes. */
import { canCompile } from './backends/js/compile.ts';

export type EngineName = 'reference' | 'js' | 'wasm';
export type Engine = 'auto' | EngineName;

/** What a host's policy lets generated code be made of. */
export interface HostAllows {
  /** Code from text ('unsafe-eval' of a content security policy). */
  readonly js: boolean;
  /** WebAssembly with tail calls and vectors ('wasm-unsafe-eval'). */
  readonly wasm: boolean;
}

export interface EngineChoice {
  readonly asked: Engine;
  readonly used: EngineName;
  readonly allows: HostAllows;
}

/** Fastest first: the order in which 'auto' takes what is there, and in which one stands in for another. */
const BY_SPEED: readonly EngineName[] = ['wasm', 'js', 'reference'];

/** The engines that this build has. */
const BUILT: Readonly<Record<EngineName, boolean>> = { wasm: true, js: true, reference: true };

/** What runs here when `asked` is asked for. An engine that is forbidden is replaced by the fastest that is not. */
export function chooseEngine(asked: Engine, allows: HostAllows = hostAllows()): EngineChoice {
  const isThere = (engine: EngineName): boolean => BUILT[engine] && (engine === 'reference' || allows[engine]);
  const wanted = asked === 'auto' || !isThere(asked) ? BY_SPEED.find(isThere) : asked;
  return { asked, used: wanted ?? 'reference', allows };
}

const TITLE: Readonly<Record<EngineName, string>> = {
  reference: 'reference interpreter',
  js: 'JavaScript',
  wasm: 'WebAssembly',
};

/** 'WebAssembly (auto)', for the boot line. */
export function describeChoice({ asked, used }: EngineChoice): string {
  if (asked === used) return `${TITLE[used]} (as asked)`;
  return asked === 'auto' ? `${TITLE[used]} (auto)` : `${TITLE[used]} (instead of ${TITLE[asked]})`;
}

/**
 * A sentence on what is forbidden and what follows; undefined when nothing is lost: what was asked for is used, or
 * 'auto' has the fastest there is.
 */
export function engineNotice({ asked, used, allows }: EngineChoice): string | undefined {
  const isFastest = used === BY_SPEED.find((engine) => BUILT[engine]);
  if (used === asked || (asked === 'auto' && isFastest)) return undefined;
  return `${forbiddenText(asked, allows)}, so ${EFFECT[used]}.`;
}

const EFFECT: Readonly<Record<EngineName, string>> = {
  reference: 'programs run on the reference interpreter, very much slower',
  js: 'programs run as JavaScript, some times slower than as WebAssembly',
  wasm: 'programs run as WebAssembly',
};

function forbiddenText(asked: Engine, allows: HostAllows): string {
  if (!allows.js && !allows.wasm) return 'Neither code from text nor WebAssembly is allowed here';
  if (!allows.js && asked !== 'wasm') return 'Code from text is not allowed here';
  if (!allows.wasm) return 'WebAssembly is not allowed here, or too old';
  return `There is no engine ${TITLE[asked === 'auto' ? 'wasm' : asked]} yet`;
}

/** Tries both. Cost: a fraction of a millisecond; asked once a machine. */
export function hostAllows(): HostAllows {
  return { js: canCompile(), wasm: canCompileModules() };
}

// (module (func return_call 0) (func (result v128) v128.const i64x2 0 0)), encoded by hand.
// oxfmt-ignore
const PROBE = Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic, version 1
  1, 8, 2, 0x60, 0, 0, 0x60, 0, 1, 0x7b, // types: () → (), () → v128
  3, 3, 2, 0, 1, // functions
  10, 27, 2, 4, 0, 0x12, 0, 0x0b, // code: return_call 0
  20, 0, 0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b, // v128.const 0
);

/** Whether WebAssembly modules with what ours are made of may be compiled at once here. */
function canCompileModules(): boolean {
  try {
    return Boolean(new WebAssembly.Module(PROBE));
  } catch {
    return false;
  }
}
