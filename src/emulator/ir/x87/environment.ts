/**
 * FNSTENV, FLDENV, FNSAVE, FRSTOR (Intel SDM 1, 8.1.10): the environment in memory, 32-bit protected mode format.
 *
 *   0 FCW   4 FSW   8 tag word, two bits a register   12 FIP   16 FCS and FOP   20 FDP   24 FDS     28 ST(0)…ST(7), 10 bytes each
 *
 * With 66h the format is 16-bit: fields of two bytes, 14 in all.
 */
import { F80, unpack } from '../../util/soft-float/format.ts';
import type { X87 } from './unit.ts';

const TAG = { VALID: 0, ZERO: 1, SPECIAL: 2, EMPTY: 3 } as const;

function environmentBytes(isShort: boolean): number {
  return isShort ? 14 : 28;
}

/** The full tag word, which processors make from the registers' contents (SDM 2A, FXSAVE, table 3-43). */
function tagWord(unit: X87): number {
  let word = 0;
  for (let physical = 0; physical < 8; physical++) {
    const i = (physical - unit.top) & 7;
    word |= tagOf(unit, i) << (2 * physical);
  }
  return word;
}

function tagOf(unit: X87, i: number): number {
  if (unit.isEmpty(i)) return TAG.EMPTY;
  const bits = unit.get(i);
  const value = unpack(F80, bits);
  if (value.kind !== 'finite' || value.isDenormal) return TAG.SPECIAL;
  return value.significand === 0n ? TAG.ZERO : TAG.VALID;
}

/** FNSTENV: stores, then masks every exception. */
export function storeEnvironment(unit: X87, addr: number, isShort: boolean): void {
  const { data, u8 } = unit;
  const step = isShort ? 2 : 4;
  u8.fill(0, addr, addr + environmentBytes(isShort));
  for (const [i, word] of [unit.control, unit.status, tagWord(unit)].entries()) {
    data.setUint16(addr + step * i, word, true);
    if (!isShort) data.setUint16(addr + step * i + 2, 0xffff, true);
  }
  if (!isShort) data.setUint16(addr + 26, 0xffff, true);
  unit.control |= 0x3f;
}

/** FLDENV. */
export function loadEnvironment(unit: X87, addr: number, isShort: boolean): void {
  const { data } = unit;
  const step = isShort ? 2 : 4;
  const word = data.getUint16(addr + 2 * step, true);
  let tags = 0;
  for (let i = 0; i < 8; i++) if (((word >> (2 * i)) & 3) !== TAG.EMPTY) tags |= 1 << i;
  unit.tags = tags;
  unit.control = data.getUint16(addr, true);
  unit.status = data.getUint16(addr + step, true);
}

/** FNSAVE: environment and registers, then as FNINIT. */
export function saveState(unit: X87, addr: number, isShort: boolean): void {
  const { control } = unit;
  storeEnvironment(unit, addr, isShort);
  unit.control = control;
  const at = addr + environmentBytes(isShort);
  for (let i = 0; i < 8; i++) {
    const bits = unit.get(i);
    unit.data.setBigUint64(at + 10 * i, BigInt.asUintN(64, bits), true);
    unit.data.setUint16(at + 10 * i + 8, Number(bits >> 64n), true);
  }
  unit.initialize();
}

/** FRSTOR. */
export function restoreState(unit: X87, addr: number, isShort: boolean): void {
  loadEnvironment(unit, addr, isShort);
  const { tags, data } = unit;
  const at = addr + environmentBytes(isShort);
  for (let i = 0; i < 8; i++) {
    unit.set(i, (BigInt(data.getUint16(at + 10 * i + 8, true)) << 64n) | data.getBigUint64(at + 10 * i, true));
  }
  unit.tags = tags;
}
