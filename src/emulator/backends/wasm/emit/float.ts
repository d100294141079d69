/**
 * SSE floating point: usual numbers by the host's instructions under tests, the rest by the runtime's functions
 * (float-runtime.ts) and the host's soft float.
 */
import type { float } from '../../../ir/ops/float.ts';
import type { Emit } from '../ir-writer.ts';
import { ARITHMETIC } from './float-arithmetic.ts';
import { COMPARISONS } from './float-compare.ts';
import { CONVERSIONS } from './float-convert.ts';
import { askHost, pushHostResult } from './float-scalar.ts';

const FAST: Readonly<Record<string, Emit>> = { ...ARITHMETIC, ...COMPARISONS, ...CONVERSIONS };

export const FLOAT = {
  float: (w, op) => {
    w.floatBar(); // A frame that makes the bar where it is first asked for must do so here, not on a slow path.
    (FAST[op.tag] ?? softly)(w, op);
  },
} as const satisfies Record<keyof typeof float, Emit>;

/** By the host's soft float: any operation, any MXCSR. */
const softly: Emit = (w, op) => {
  askHost(
    w,
    op,
    op.args.map((arg) => ({ local: w.local(arg), type: 'v128' as const })),
  );
  pushHostResult(w, 'v128.load');
};
