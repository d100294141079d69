/**
 * Random sequences of instructions: fused flags, folded constants and forgotten state only fail in company.
 *
 * Memory operands are RIP-relative, so that most instructions of a sequence run. Branches are conditional jumps over
 * the next instruction. What leaves a flag or a register open is kept out, since it would show in later instructions.
 */
import type { Random } from '../random.ts';
import { CODE, type Case } from './case.ts';
import { encodeForm } from './encoder.ts';
import { makeState, randomAddress } from './generator.ts';
import type { Subject } from './subject.ts';

/** One instruction of a sequence. */
interface Part {
  readonly code: Uint8Array;
  /** Where the displacement to `target` lies; -1 without. */
  readonly displacementAt: number;
  readonly target: number;
  /** A conditional jump (its opcode) over the next instruction. */
  readonly skips: boolean;
}

export interface Sequence {
  readonly parts: readonly Part[];
  readonly state: Omit<Case, 'code' | 'codeAddr'>;
  readonly codeAddr: number;
}

const UNSUITABLE =
  /^(j|loop|jmp|call|i?ret|int|ud|hlt|cli|sti|in|out|ins|outs|s[gi]dt|sldt|str$|smsw|popf|pushf|std|clts|invd|wbinvd|wrmsr|rdmsr|lgdt|lidt|rcp|rsqrt|fu?comip?$|ffree|f(n?st|ld)env|fnsave|frstor|fxsave|fxrstor|enter|leave|sh[lr]d|maskmovq|f2xm1|fyl2x|fpatan|fptan|fsin|fcos|cvtt?p[sd]2pi|cvtpi2p)/; // oxfmt-ignore

/** Those that may stand in a sequence. */
export function sequenceSubjects(subjects: readonly Subject[]): Subject[] {
  return subjects.filter(
    ({ form, tolerance }) =>
      tolerance.undefinedFlags === 0n && (!UNSUITABLE.test(form.row.name) || form.row.name.startsWith('inc')),
  );
}

export function makeSequence(subjects: readonly Subject[], random: Random): Sequence {
  const parts: Part[] = [];
  for (let left = 2 + random.below(29); left > 0; left--) {
    if (random.oneIn(5)) parts.push(jump(random));
    parts.push(instruction(random.pick(subjects), random));
  }
  return { parts, state: makeState(random), codeAddr: CODE.addr + 64 + random.below(CODE.sizeBytes - 1024) };
}

function jump(random: Random): Part {
  return { code: Uint8Array.of(0x70 + random.below(16), 0), displacementAt: -1, target: 0, skips: true };
}

function instruction({ form }: Subject, random: Random): Part {
  for (;;) {
    const { code, displacementAt, absoluteAt } = encodeForm(form, random, true);
    if (code.length > 15) continue;
    const target = Number(randomAddress(random) & 0x3f_ffffn);
    if (absoluteAt >= 0) new DataView(code.buffer).setBigUint64(absoluteAt, BigInt(target), true);
    return { code, displacementAt, target, skips: false };
  }
}

/** The sequence as a case. */
export function caseOf({ parts, state, codeAddr }: Sequence): Case {
  const code = new Uint8Array(parts.reduce((sum, part) => sum + part.code.length, 0));
  let at = 0;
  for (const [i, part] of parts.entries()) {
    code.set(part.code, at);
    at += part.code.length;
    if (part.skips) code[at - 1] = i + 1 < parts.length ? parts[i + 1].code.length : 0;
    if (part.displacementAt < 0) continue;
    const place = at - part.code.length + part.displacementAt;
    new DataView(code.buffer).setInt32(place, part.target - (codeAddr + at), true);
  }
  return { ...state, code, codeAddr };
}

/** Sequences that lack one part each: what shrinking tries. */
export function shorter(sequence: Sequence): Sequence[] {
  return sequence.parts.map((_, i) => ({ ...sequence, parts: sequence.parts.toSpliced(i, 1) }));
}
