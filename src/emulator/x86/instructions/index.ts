/** All instruction rows, in the manual's order of families. */
import type { Instruction } from '../instruction.ts';
import { arithmetic } from './arithmetic.ts';
import { bitByte } from './bit-byte.ts';
import { controlFlow } from './control-flow.ts';
import { dataTransfer } from './data-transfer.ts';
import { farTransfer } from './far-transfer.ts';
import { logic } from './logic.ts';
import { mmx } from './mmx.ts';
import { multiplyDivide } from './multiply-divide.ts';
import { segment } from './segment.ts';
import { shiftRotate } from './shift-rotate.ts';
import { sseFloat } from './sse/float.ts';
import { sseInteger } from './sse/integer.ts';
import { sseMoves } from './sse/moves.ts';
import { stack } from './stack.ts';
import { strings } from './string.ts';
import { system } from './system.ts';
import { sse4 } from './sse/sse4.ts';
import { sseState } from './sse/state.ts';
import { x87 } from './x87/rows.ts';

export const INSTRUCTIONS: readonly Instruction[] = [
  ...dataTransfer,
  ...stack,
  ...arithmetic,
  ...multiplyDivide,
  ...logic,
  ...shiftRotate,
  ...bitByte,
  ...controlFlow,
  ...farTransfer,
  ...strings,
  ...segment,
  ...system,
  ...sseMoves,
  ...sseInteger,
  ...sseFloat,
  ...sseState,
  ...sse4,
  ...x87,
  ...mmx,
];
