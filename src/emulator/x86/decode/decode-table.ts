/**
 * Opcode → candidate forms, built from the rows. Two forms that could both match one encoding, neither more specific
 * than the other, are an error that the tests find.
 */
import { type Form, parseForm } from '../form.ts';
import type { Instruction } from '../instruction.ts';
import { assert } from '../../util/assert.ts';

/** [map][opcode] → forms, the most specific first. */
export type DecodeTable = readonly (readonly (readonly Form[])[])[];

export function buildDecodeTable(rows: readonly Instruction[]): DecodeTable {
  const table: Form[][][] = [0, 1, 2, 3].map(() => Array.from({ length: 256 }, () => []));
  let count = 0;
  for (const row of rows) {
    for (const text of row.forms) {
      const form = parseForm(row, text, count++);
      const span = form.hasOpcodeRegister ? 8 : 1;
      for (let i = 0; i < span; i++) table[form.map][form.opcode + i].push(form);
    }
  }
  for (const map of table) {
    for (const forms of map) {
      forms.sort((a, b) => specificity(b) - specificity(a));
    }
  }
  return table;
}

function specificity(form: Form): number {
  const modrm = form.modrmMask === 0xff ? 64 : form.modrmMask !== 0 ? 32 : 0;
  const digit = form.reg >= 0 ? 16 : 0;
  const mod = form.rm === 'any' ? 0 : 8;
  const rex = form.forbidsRexB ? 1 : 0;
  return rex + modrm + digit + mod + (form.prefix === 'any' ? 0 : 4) + (form.w < 0 ? 0 : 2);
}

/** @throws InvariantError when an encoding could be either of two forms. */
export function checkTable(table: DecodeTable): void {
  for (const map of table) for (const forms of map) checkUnambiguous(forms);
}

function checkUnambiguous(forms: readonly Form[]): void {
  for (let i = 0; i < forms.length; i++) {
    for (let j = i + 1; j < forms.length; j++) {
      const [a, b] = [forms[i], forms[j]];
      assert(
        specificity(a) !== specificity(b) || areDisjoint(a, b),
        `x86: '${a.text}' (${a.row.name}) and '${b.text}' (${b.row.name}) decode alike`,
      );
    }
  }
}

function areDisjoint(a: Form, b: Form): boolean {
  if (a.prefix !== 'any' && b.prefix !== 'any' && a.prefix !== b.prefix) return true;
  if (a.w >= 0 && b.w >= 0 && a.w !== b.w) return true;
  if (a.reg >= 0 && b.reg >= 0 && a.reg !== b.reg) return true;
  if (a.rm !== 'any' && b.rm !== 'any' && a.rm !== b.rm) return true;
  const mask = a.modrmMask & b.modrmMask;
  return ((a.modrmByte ^ b.modrmByte) & mask) !== 0;
}
