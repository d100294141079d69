/** The test of an address's high half: whether it lies where no memory can be. */
import { FAR_BITS } from '../../memory/address-space.ts';
import type { CodeWriter } from './encoder/code-writer.ts';

/** Pushes an i32 that is not 0 where the address in the i64 local `wide` is too far. V8 makes one TEST of memory of it. */
export function pushIsFar(code: CodeWriter, wide: number): void {
  code.localGet(wide);
  code.i32(0);
  code.memory('i64.load', FAR_BITS);
  code.op('i64.and');
  code.i64(0);
  code.op('i64.ne');
}
