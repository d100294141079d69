/** Where the fields of a template lie in its micro-ops. */
import type { Field, FieldFormat } from '../../../ir/field.ts';
import type { Template } from '../../../ir/template.ts';
import { MICRO_OP } from './layout.ts';

export interface Place {
  readonly field: Field;
  readonly offset: number;
}

export interface HandlerLayout {
  readonly places: readonly Place[];
  /** Of the link to the target of a jump, branch or call or behind a REP, and to what follows a branch; 0: none. */
  readonly targetLink: number;
  readonly nextLink: number;
  /** A multiple of 4. */
  readonly sizeBytes: number;
}

const SIZE: Readonly<Record<FieldFormat, number>> = { variable: 2, u8: 1, u16: 2, i32: 4, u32: 4, i64: 8 };

export function layoutOf({ fields, exit }: Template): HandlerLayout {
  let at: number = MICRO_OP.fields;
  const places: Place[] = [];
  const place = (sizes: readonly number[]): void => {
    for (const field of fields) {
      // The header has it.
      if (field.part === 'rip' || !sizes.includes(SIZE[field.format])) continue;
      places.push({ field, offset: at });
      at += SIZE[field.format];
    }
  };
  place([2]);
  place([1]);
  at = (at + 3) & ~3;
  place([4, 8]);
  const link = (isThere: boolean): number => (isThere ? (at += 4) - 4 : 0);
  const targetLink = link(exit === 'jump' || exit === 'branch' || exit === 'call' || exit === 'repeatString');
  const nextLink = link(exit === 'branch');
  return { places, targetLink, nextLink, sizeBytes: at };
}
