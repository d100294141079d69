/** Instructions as the micro-op interpreter takes them: what is the same for many of them, and the numbers of one. */
import type { Op } from './block.ts';
import type { Field } from './field.ts';

/** What instructions of one shape have in common. Made once; templates of all spaces are the same objects. */
export interface Template {
  /** Counted from 0. */
  readonly id: number;
  /** As of a block, one or two instructions; attributes may be fields. */
  readonly ops: readonly Op[];
  /** Each field that the ops name, once. */
  readonly fields: readonly Field[];
}

/** A template with its numbers: what becomes one micro-op. */
export interface MicroStep {
  readonly template: Template;
  /** Address of the (first) instruction. */
  readonly rip: number;
  /** Address of the last of its instructions. */
  readonly exitRip: number;
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
