/** 128-bit vectors. What has no line here is done by the reference interpreter, one instruction at a time. */
import type { Emit } from '../ir-writer.ts';

export const VECTOR: Readonly<Record<string, Emit>> = {};
