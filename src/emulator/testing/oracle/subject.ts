/** What of the instruction rows is compared with the host, and how exactly. */
import { type Form, parseForm } from '../../x86/form.ts';
import type { Instruction } from '../../x86/instruction.ts';
import type { Tolerance } from './compare.ts';

/** A form with what its row leaves open. */
export interface Subject {
  readonly form: Form;
  readonly tolerance: Tolerance;
}

const FLAG_LETTERS: Readonly<Record<string, bigint>> = { C: 1n, P: 4n, A: 0x10n, Z: 0x40n, S: 0x80n, O: 0x800n };

// What differs between processors (CPUID, time, #UD or #GP for control registers that do not exist, RIP of INT1 in virtual
// machines), or belongs to the host's kernel and C library. The fault programs of guest/tests compare INT, too.
const LEFT_OUT = new Set([
  'cpuid', 'rdtsc', 'rdtscp', 'rdrand', 'rdseed', 'syscall', 'sysenter', 'rdpid', 'xgetbv', 'rdfsbase', 'wrfsbase', 'wrgsbase',
  'int1', 'int', 'into', 'rdpmc', 'mov cr', 'mov dr', 
]); // oxfmt-ignore

const TRANSCENDENTAL = /^f(2xm1|yl2xp?1?|patan|ptan|sin|cos|sincos)$/;
/** POP of FS and GS, LFS, LGS: FS holds the host's thread pointer. */
const SEGMENT_LOAD = /^0F (A[19]|B[45])/;

/** The forms of these rows that can be compared. */
export function subjectsOf(rows: readonly Instruction[]): Subject[] {
  return rows
    .filter(({ name }) => !LEFT_OUT.has(name))
    .flatMap((row) =>
      row.forms
        .filter((text) => !SEGMENT_LOAD.test(text))
        .map((text) => ({ form: parseForm(row, text), tolerance: toleranceOf(row) })),
    );
}

function toleranceOf({ name, undefinedFlags = '' }: Instruction): Tolerance {
  return {
    ignoresC1: name === 'ffree' || TRANSCENDENTAL.test(name),
    isTranscendental: TRANSCENDENTAL.test(name),
    ignoresFaultAddr: /^(f(n?stenv|ldenv|n?save|rstor|xsave|xrstor)|retf$)/.test(name),
    isApproximate: /^r(cp|sqrt)[ps]s$/.test(name),
    undefinedFlags: Array.from(undefinedFlags).reduce((all, letter) => all | (FLAG_LETTERS[letter] ?? 0n), 0n),
  };
}
