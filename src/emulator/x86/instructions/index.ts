/** All instruction rows, in the manual's order of families. */
import type { Instruction } from '../instruction.ts';
import { arithmetic } from './arithmetic.ts';

export const INSTRUCTIONS: readonly Instruction[] = [...arithmetic];
