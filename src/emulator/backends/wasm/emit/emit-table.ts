/**
 * THE emit table of WebAssembly: how each op is written, by family (see ir-writer.ts for what an emitter may do). Both
 * tiers use it: regions and handlers of the cold tier.
 */
import type { OpName } from '../../../ir/ops.ts';
import type { Emit } from '../ir-writer.ts';
import { CONTROL } from './control.ts';
import { FLOAT } from './float.ts';
import { INTEGER32 } from './integer32.ts';
import { INTEGER64 } from './integer64.ts';
import { MEMORY } from './memory.ts';
import { STATE } from './state.ts';
import { VECTOR } from './vector.ts';

const TABLE: Readonly<Partial<Record<OpName, Emit>>> = {
  ...INTEGER32,
  ...INTEGER64,
  ...STATE,
  ...MEMORY,
  ...CONTROL,
  ...VECTOR,
  ...FLOAT,
};

/** The emitter of an op; undefined where only the reference interpreter knows it: its instruction leaves by a slow exit. */
export function emitterOf(name: OpName): Emit | undefined {
  return TABLE[name];
}
