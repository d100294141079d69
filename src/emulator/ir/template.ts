/** Instructions as the micro-op interpreter takes them: what is the same for many of them, and the numbers of one. */
import type { Op } from './block.ts';
import { type Field, fieldOf } from './field.ts';
import { flagsCode } from './lazy-flags.ts';
import { mayFault, type OpName, specOf } from './ops.ts';

/** What instructions of one shape have in common. Made once; templates of all spaces are the same objects. */
export interface Template {
  /** Counted from 0. */
  readonly id: number;
  /** Each field that the ops name, once. */
  readonly fields: readonly Field[];
  /** Name of the exit op at its end; '' when it goes on to the next instruction. */
  readonly exit: OpName | '';
  /** Whether it looks at the flags that it finds. */
  readonly readsFlags: boolean;
  /** The kind of flags it leaves (flagsCode of lazy-flags.ts), FLAGS_AS_FOUND, or FLAGS_UNKNOWN when that varies. */
  readonly leavesFlags: number;
  /** Whether it may leave for the reference interpreter, which must find the flags; so may calls of helpers. */
  readonly mayLeave: boolean;
}

export const FLAGS_AS_FOUND = -1;
export const FLAGS_UNKNOWN = 0;

/** All of a template but its number, from its ops. */
export function templateOf(ops: readonly Op[]): Omit<Template, 'id'> {
  let readsFlags = false;
  let leavesFlags = FLAGS_AS_FOUND;
  for (const { name, tag, imm } of ops) {
    if (name === 'getFlags' || name === 'condition') readsFlags ||= leavesFlags === FLAGS_AS_FOUND;
    else if (name === 'setFlagsIf32' || name === 'setFlagsIf64') leavesFlags = FLAGS_UNKNOWN;
    else if (name === 'setFlags32') leavesFlags = flagsCode(tag, imm);
    else if (name === 'setFlags64') leavesFlags = flagsCode(tag, 64);
  }
  const mayLeave = ops.some(({ name }) => mayFault(name) || specOf(name).effects === 'helper');
  const last = ops.at(-1)?.name;
  const exit = last !== undefined && specOf(last).effects === 'exit' ? last : '';
  return { fields: fieldsOf(ops), exit, readsFlags, leavesFlags, mayLeave };
}

function fieldsOf(ops: readonly Op[]): Field[] {
  const found = new Map<string, Field>();
  for (const { imm, imm2 } of ops) {
    for (const value of [imm, imm2]) {
      const field = fieldOf(value);
      if (field !== null && !found.has(field.name)) found.set(field.name, field);
    }
  }
  return [...found.values()];
}

/** A template with its numbers: what becomes one micro-op. */
export interface MicroStep {
  readonly template: Template;
  /** The template's ops, as of a block; attributes may be fields. Lifted when asked for. */
  ops(): readonly Op[];
  /** Address of the (first) instruction. */
  readonly rip: number;
  /** Address of the last of its instructions. */
  readonly exitRip: number;
  /** The kind of flags that it finds (flagsCode) where it looks at them and they are known; else FLAGS_UNKNOWN. */
  readonly findsFlags: number;
  /** Whether nobody sees the flags it sets: the next instructions of its block set them anew, and none may leave before. */
  readonly isFlagless: boolean;
  /** Bytes of each instruction. */
  readonly sizes: readonly number[];
  /** Guest instructions it executes: 0, 1 or 2. */
  readonly instructionCount: number;
  /** The number that stands for the field; of a wide immediate the low half. */
  numberOf(field: Field): number;
  /** The high half of a wide immediate. */
  highOf(field: Field): number;
}

export interface MicroBlock {
  readonly rip: number;
  readonly sizeBytes: number;
  readonly instructionCount: number;
  /** The last one ends in an exit op, and no other. */
  readonly steps: readonly MicroStep[];
}
