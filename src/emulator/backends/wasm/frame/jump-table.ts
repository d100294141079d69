/** An indirect jump whose targets are known: some bits of the address index a br_table, and each arm makes sure. */
import type { CodeWriter, Label } from '../encoder/code-writer.ts';

/** Bits that tell all targets apart: (address >>> shift) & (2^bits - 1). */
interface Bits {
  readonly shift: number;
  readonly bits: number;
}

const MOST_SHIFT = 16;
/** A table may be so many times as long as there are targets. */
const SPARE_BITS = 3;

/**
 * @param target local with the address, as i32
 * @param missed where to go when it is none of `cases`
 * @param arm writes the way on to one of them, to its end
 */
export function writeJumpTable(
  code: CodeWriter,
  target: number,
  cases: readonly number[],
  missed: Label,
  arm: (rip: number) => void,
): void {
  const bits = cases.length > 2 ? tellingBits(cases) : null;
  if (bits === null) {
    for (const rip of cases) writeCompared(code, target, rip, arm);
    return;
  }
  const labels = new Map<number, Label>();
  for (const rip of cases.toReversed()) labels.set(rip, code.block());
  const table = Array.from({ length: 2 ** bits.bits }, () => missed);
  for (const rip of cases) table[indexOf(rip, bits)] = labels.get(rip) ?? missed;
  code.localGet(target);
  code.i32(bits.shift);
  code.op('i32.shr_u');
  code.i32(table.length - 1);
  code.op('i32.and');
  code.brTable(table, missed);
  for (const rip of cases) {
    code.end();
    code.localGet(target);
    code.i32(rip | 0);
    code.op('i32.ne');
    code.brIf(missed, 'unlikely');
    arm(rip);
  }
}

function writeCompared(code: CodeWriter, target: number, rip: number, arm: (rip: number) => void): void {
  code.localGet(target);
  code.i32(rip | 0);
  code.op('i32.eq');
  code.if();
  arm(rip);
  code.end();
}

const indexOf = (rip: number, { shift, bits }: Bits): number => (rip >>> shift) & (2 ** bits - 1);

function tellingBits(cases: readonly number[]): Bits | null {
  const least = Math.ceil(Math.log2(cases.length));
  for (let bits = least; bits <= least + SPARE_BITS; bits++) {
    for (let shift = 0; shift <= MOST_SHIFT; shift++) {
      const indices = new Set(cases.map((rip) => indexOf(rip, { shift, bits })));
      if (indices.size === cases.length) return { shift, bits };
    }
  }
  return null;
}
