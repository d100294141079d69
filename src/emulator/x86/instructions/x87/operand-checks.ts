/** What every x87 row does before its helper: #MF for a pending exception, and the check of its memory operand. */
import { VECTOR } from '../../../exit.ts';
import type { I32 } from '../../../ir/block.ts';
import { helperName } from '../../../ir/x87/operations.ts';
import { VARIABLE } from '../../../ir/state-layout.ts';
import type { Lifter } from '../../lifter.ts';
import type { Operand } from '../../operands.ts';

/** FSW.ES, where the x87Control variable (FSW:FCW) has it. */
const PENDING = 0x80 << 16;

/** #MF when an unmasked exception is pending: all but the FN… instructions (Intel SDM 1, 8.6). */
export function checkPending(b: Lifter): void {
  b.raiseIf(b.ir.and32(b.ir.get32(VARIABLE.x87Control), b.const32(PENDING)), VECTOR.MF);
}

/** The address of a memory operand that a helper will read `bytes` from. */
export function readableAddress(b: Lifter, operand: Operand, bytes: number): I32 {
  const address = b.addressOf(operand);
  b.ir.checkRead(address, bytes);
  return b.ir.low32(address);
}

/** The address of a memory operand that a helper will write `bytes` to. */
export function writableAddress(b: Lifter, operand: Operand, bytes: number): I32 {
  const address = b.addressOf(operand);
  b.ir.checkWrite(address, bytes);
  return b.ir.low32(address);
}

/** Runs x87 operation `name` (ir/x87/operations.ts). */
export function run(b: Lifter, name: string, first: I32 | number = 0, second: I32 | number = 0): I32 {
  const value = (x: I32 | number): I32 => (typeof x === 'number' ? b.const32(x) : x);
  return b.ir.x87(value(first), value(second), helperName(name));
}
