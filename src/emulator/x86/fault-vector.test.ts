/** #SS or #GP for addresses that are not canonical: as the host does (testing/oracle/faults.test.ts compares every form). */
import { describe, expect, it } from 'vitest';
import { VECTOR } from '../exit.ts';
import { EXECUTOR_NAMES } from '../testing/executors.ts';
import { createGuest, DATA } from '../testing/guest.ts';
import { RBP, RDI, RSP } from './registers.ts';

const AWAY = 0x8000_0000_0012_3450n;

// oxfmt-ignore
const ROWS: readonly (readonly [name: string, code: string, away: readonly number[], vector: number])[] = [
  // rsp byte-swapped, then PUSH of a good operand: found by fuzzing
  ['PUSH m16 stores below the stack',        '66 47 ff 35 7f 02 01 00', [RSP],      VECTOR.SS],
  ['PUSH m64 reads its operand first',       'ff 37',                   [RSP, RDI], VECTOR.GP],
  ['POP m64 reads the stack first',          '8f 07',                   [RSP, RDI], VECTOR.SS],
  ['POP m64 writes its operand',             '8f 07',                   [RDI],      VECTOR.GP],
  ['CALL m64 reads its operand first',       'ff 17',                   [RSP, RDI], VECTOR.GP],
  ['RET',                                    'c3',                      [RSP],      VECTOR.SS],
  ['LEAVE reads at RBP',                     'c9',                      [RBP],      VECTOR.SS],
  ['POPCNT is no POP',                       'f3 48 0f b8 07',          [RDI],      VECTOR.GP],
  ['a base of RBP',                          '8b 45 00',                [RBP],      VECTOR.SS],
  ['a base of RBP behind GS',                '65 8b 45 00',             [RBP],      VECTOR.GP],
];

describe.each(EXECUTOR_NAMES)('an address that is not canonical, on the %s executor', (executor) => {
  it.each(ROWS)('%s', (_name, code, away, vector) => {
    const guest = createGuest(
      Uint8Array.from(code.split(' '), (byte) => parseInt(byte, 16)),
      executor,
    );
    const { state } = guest;
    state.setNumber(RDI, DATA);
    state.setNumber(RBP, DATA);
    for (const register of away) state.set64(register, AWAY);
    expect(guest.run()).toMatchObject({ kind: 'fault', fault: { vector } });
  });
});
