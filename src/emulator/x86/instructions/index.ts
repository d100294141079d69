/** All instruction rows, in the manual's order of families. */
import type { Instruction } from '../instruction.ts';
import { arithmetic } from './arithmetic.ts';
import { sseFloat } from './sse/float.ts';
import { sseInteger } from './sse/integer.ts';
import { sseMoves } from './sse/moves.ts';
import { x87 } from './x87/rows.ts';

export const INSTRUCTIONS: readonly Instruction[] = [...arithmetic, ...sseMoves, ...sseInteger, ...sseFloat, ...x87];
