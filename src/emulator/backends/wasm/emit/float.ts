/** SSE floating point. */
import type { Emit } from '../ir-writer.ts';

export const FLOAT: Readonly<Record<string, Emit>> = {};
