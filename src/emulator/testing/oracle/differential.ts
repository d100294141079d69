/** Runs cases on the host and on our executors, compares, and shrinks what differs to something a person can read. */
import { createCpu } from '../../index.ts';
import type { Form } from '../../x86/form.ts';
import { parseForm } from '../../x86/form.ts';
import { type ExecutorName, EXECUTORS } from '../executors.ts';
import { Random } from '../random.ts';
import { CODE, SIGNAL, type Case, type Ending } from './case.ts';
import { differences } from './compare.ts';
import { FAULT_PLACES, hasMemoryOperand, makeCase, makeFaultCase } from './generator.ts';
import { Machine } from './machine.ts';
import { runOnHost } from './native.ts';
import { caseOf, makeSequence, sequenceSubjects, shorter, type Sequence } from './sequences.ts';
import type { Subject } from './subject.ts';

const MMX_FAULTS = /^(maskmovq|cvtt?p[sd]2pi|cvtpi2p[sd])$/;

/** Emulated by Linux where UMIP forbids them: it tells one kind of fault for all places (arch/x86/kernel/umip.c). */
const EMULATED = /^(s[gi]dt|sldt|str|smsw)$/;

/** Of the memory operand; those that depend on prefixes count as 8. */
function operandBytes({ operands }: Form): number {
  const memory = operands.find(({ letter }) => 'EMWQO'.includes(letter));
  const sizes: Readonly<Record<string, number>> = {
    b: 1,
    w: 2,
    d: 4,
    ss: 4,
    q: 8,
    sd: 8,
    t: 10,
    dq: 16,
    ps: 16,
    pd: 16,
    x: 16,
  };
  return sizes[memory?.size ?? ''] ?? 8;
}

/** Masks exceptions of misaligned operands (AMD64 manual 1, 4.2.2). */
const MXCSR_MM = 0x2_0000;

/** In the second byte of the x87 status word. */
const C1 = 0x02;
const STATUS_HIGH = 3;

const mxcsrOf = ({ fxsave }: Ending): number => new DataView(fxsave.buffer, fxsave.byteOffset).getUint32(24, true);

/** Stands for a sequence in reports. */
const WHOLE: Subject = {
  form: parseForm({ name: 'sequence', sdm: '', forms: [], support: 'full', lift: () => {} }, '90'),
  tolerance: {
    undefinedFlags: 0n,
    ignoresC1: false,
    ignoresFaultAddr: false,
    isApproximate: false,
    isTranscendental: false,
  },
};

export interface Mismatch {
  readonly one: Case;
  readonly subject: Subject;
  readonly found: readonly string[];
}

export class Differential {
  readonly #machine: Machine;

  constructor(executor: ExecutorName) {
    let pulse = 0;
    const ports = { timestamp: () => ++pulse, entropy: (dst: Uint8Array): void => void dst.fill(7) };
    this.#machine = new Machine((space) => createCpu(space, { ...EXECUTORS[executor], ports }));
  }

  /** `rounds` cases of each subject. @returns the first mismatch of each form. Cost: some 50 µs a case. */
  compare(subjects: readonly Subject[], seed: number, rounds: number): Mismatch[] {
    const random = new Random(seed);
    const plan = subjects.flatMap((subject) => Array.from({ length: rounds }, () => subject));
    const cases = plan.map(({ form }) => makeCase(form, random));
    const endings = runOnHost(cases);
    const mismatches = new Map<Subject, Mismatch>();
    for (const [i, subject] of plan.entries()) {
      if (mismatches.has(subject)) continue;
      const found = this.#differences(cases[i], endings[i], subject);
      if (found.length > 0) mismatches.set(subject, { one: cases[i], subject, found });
    }
    return [...mismatches.values()];
  }

  /** Cases of every form with a memory operand at each place where it may fault. @returns the first mismatches. */
  compareFaults(
    subjects: readonly Subject[],
    seed: number,
    rounds: number,
  ): { checked: number; mismatches: Mismatch[] } {
    const random = new Random(seed);
    const plan: { subject: Subject; one: Case }[] = [];
    for (const subject of subjects.filter(({ form }) => hasMemoryOperand(form))) {
      for (const place of Object.values(FAULT_PLACES)) {
        for (let left = rounds; left > 0;) {
          const one = makeFaultCase(subject.form, random, place(operandBytes(subject.form)));
          if (one === null) continue;
          left--;
          plan.push({ subject, one });
        }
      }
    }
    const endings = runOnHost(plan.map(({ one }) => one));
    const mismatches = new Map<Subject, Mismatch>();
    for (const [i, { subject, one }] of plan.entries()) {
      const found = mismatches.has(subject) ? [] : this.#differences(one, endings[i], subject);
      if (found.length > 0) mismatches.set(subject, { one, subject, found });
    }
    return { checked: plan.length, mismatches: [...mismatches.values()] };
  }

  /** The first case that ends otherwise here than was recorded. */
  compareRecorded(subject: Subject, cases: readonly Case[], endings: readonly Ending[]): Mismatch | null {
    for (const [i, one] of cases.entries()) {
      const found = this.#differences(one, endings[i], subject);
      if (found.length > 0) return { one, subject, found };
    }
    return null;
  }

  #differences(one: Case, theirs: Ending, subject: Subject): string[] {
    let ours: Ending;
    try {
      ours = this.#machine.run(one);
    } catch (error) {
      return [`ours threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
    }
    // An indirect CALL looks at its target before it pushes (Intel SDM 2A, CALL); AMD pushes first.
    const isStackFault = theirs.vector === 14 || theirs.vector === 12;
    if (isStackFault && ours.vector === 13 && subject.form.row.name === 'call') return [];
    // AMD reads the outer stack's pointer, behind what is released, before it looks at the selector.
    if (subject.form.row.name === 'retf' && theirs.vector === 14 && ours.vector === 13) return [];
    const haveBothFaulted = theirs.signal === SIGNAL.SEGV && ours.signal !== SIGNAL.TRAP;
    if (EMULATED.test(subject.form.row.name) && haveBothFaulted) return [];
    // AMD has one MXCSR bit more, which LDMXCSR and FXRSTOR take there; here it is reserved, as on Intel's.
    if (ours.vector === 13 && (mxcsrOf(theirs) & MXCSR_MM) !== 0) return [];
    // Whether an MMX instruction that faults has already changed TOP and tags is not told.
    if (theirs.signal !== SIGNAL.TRAP && MMX_FAULTS.test(subject.form.row.name)) {
      ours.fxsave.set(theirs.fxsave.subarray(2, 5), 2);
      ours.fxsave.set(theirs.fxsave.subarray(32, 160), 32); // in the order of the stack
    }
    // FCOMI clears C1 (Intel SDM 2A), here too; AMD leaves it.
    if (theirs.signal === SIGNAL.TRAP && /^fu?comip?$/.test(subject.form.row.name)) {
      theirs.fxsave[STATUS_HIGH] &= ~(one.fxsave[STATUS_HIGH] & C1);
    }
    // FXSAVE tells at 28 which MXCSR bits exist: AMD has one more, for misaligned operands.
    const mask = Number(one.operandAddr) + 28;
    const isFxsave = subject.form.row.name === 'fxsave';
    return differences(theirs, ours, isFxsave ? [mask, mask + 4] : [0, 0], subject.tolerance);
  }

  /** `count` random sequences. @returns the first mismatch, shrunk, if there is one. */
  compareSequences(subjects: readonly Subject[], seed: number, count: number): Mismatch | null {
    const random = new Random(seed);
    const suitable = sequenceSubjects(subjects);
    const sequences = Array.from({ length: count }, () => makeSequence(suitable, random));
    const endings = runOnHost(sequences.map(caseOf));
    const at = sequences.findIndex((sequence, i) => this.#sequenceDifferences(sequence, endings[i]).length > 0);
    return at < 0 ? null : this.#shrinkSequence(sequences[at]);
  }

  #sequenceDifferences(sequence: Sequence, theirs: Ending): string[] {
    return this.#differences(caseOf(sequence), theirs, WHOLE);
  }

  #shrinkSequence(sequence: Sequence): Mismatch {
    const fails = (one: Sequence): boolean => this.#sequenceDifferences(one, runOnHost([caseOf(one)])[0]).length > 0;
    let best = sequence;
    for (let next: Sequence | undefined = sequence; next !== undefined; next = shorter(best).find(fails)) best = next;
    const one = caseOf(best);
    return this.shrink({ one, subject: WHOLE, found: this.#differences(one, runOnHost([one])[0], WHOLE) });
  }

  /** The mismatch with everything set to zero that does not matter to it. */
  shrink({ one, subject, found }: Mismatch): Mismatch {
    let best: Mismatch = { one, subject, found };
    for (const simplify of simplifications()) {
      const simpler = simplify(best.one);
      const still = this.#differences(simpler, runOnHost([simpler])[0], subject);
      if (still.length > 0) best = { one: simpler, subject, found: still };
    }
    return best;
  }
}

type Simplify = (one: Case) => Case;

/** Default modes, empty x87 stack. */
const usual: Simplify = (one) => ({
  ...one,
  fxsave: withBytes(one.fxsave, [0, 28], [0x7f, 3, ...new Uint8Array(22), 0x80, 0x1f, 0, 0]),
});

function simplifications(): Simplify[] {
  return [
    usual,
    (one) => ({ ...one, rflags: 0x202n }),
    (one) => ({ ...one, memory: [] }),
    ...Array.from({ length: 16 }, (_, i): Simplify => (one) => ({ ...one, gpr: one.gpr.with(i, 0n) })),
    (one) => ({ ...one, fxsave: withBytes(one.fxsave, [32, 160], new Uint8Array(128)) }),
    ...Array.from({ length: 16 }, (_, i): Simplify => (one) => {
      const at = 160 + 16 * i;
      return { ...one, fxsave: withBytes(one.fxsave, [at, at + 16], new Uint8Array(16)) };
    }),
  ];
}

function withBytes(bytes: Uint8Array, [from, to]: readonly [number, number], values: ArrayLike<number>): Uint8Array {
  const changed = bytes.slice();
  changed.set(Array.from(values).slice(0, to - from), from);
  return changed;
}

const hex = (bytes: Iterable<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** A report that can be read and run again. */
export function describeMismatch({ one, subject, found }: Mismatch, seed: number): string {
  const registers = [...one.gpr.entries()]
    .filter(([, value]) => value !== 0n)
    .map(([i, value]) => `r${i}=${value.toString(16)}`);
  const data = new DataView(one.fxsave.buffer, one.fxsave.byteOffset);
  const vectors = Array.from({ length: 16 }, (_, i) => 160 + 16 * i)
    .filter((at) => one.fxsave.subarray(at, at + 16).some((byte) => byte !== 0))
    .map(
      (at) =>
        `xmm${(at - 160) / 16}=${data.getBigUint64(at + 8, true).toString(16)}:${data.getBigUint64(at, true).toString(16)}`,
    );
  return [
    `${subject.form.row.name} '${subject.form.text}' (seed ${seed}): ${hex(one.code)} at ${(one.codeAddr - CODE.addr).toString(16)}`,
    `  ${registers.join(' ')} rflags=${one.rflags.toString(16)} mxcsr=${data.getUint32(24, true).toString(16)}`,
    `  x87 fcw=${data.getUint16(0, true).toString(16)} fsw=${data.getUint16(2, true).toString(16)} ftw=${one.fxsave[4].toString(16)}`,
    `  st: ${Array.from({ length: 8 }, (_, i) => `${data.getUint16(40 + 16 * i, true).toString(16)}.${data.getBigUint64(32 + 16 * i, true).toString(16)}`).join(' ')}`,
    `  ${vectors.join(' ')}`,
    ...found.map((line) => `  ${line}`),
  ].join('\n');
}
