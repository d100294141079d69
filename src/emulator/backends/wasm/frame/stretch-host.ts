/** The frame as writers of float stretches see it. */
import type { Op } from '../../../ir/block.ts';
import type { FloatNotes, NotesMark } from '../emit/float-notes.ts';
import type { QuickFloats } from '../emit/float-quick.ts';
import type { QuickLimits } from '../emit/quick-limits.ts';
import type { IrWriter } from '../ir-writer.ts';
import type { AccessGroup } from './access-groups.ts';
import type { BlockValues, ValuesMark } from './block-values.ts';
import type { BlockFlags } from './flag-state.ts';
import type { LoopConstants } from './loop-constants.ts';
import type { PermissionCheck } from './permission-check.ts';
import type { VariableSet } from './variables.ts';

/** What is known at a place of a block. */
export interface FrameMark {
  readonly values: ValuesMark;
  readonly notes: NotesMark;
  /** LowLanes. */
  readonly lows: ReadonlyMap<number, Op>;
  readonly checks: ReadonlyMap<AccessGroup, number>;
  readonly flags: BlockFlags | null;
  readonly dirty: VariableSet;
  readonly place: { readonly retired: number; readonly rip: number };
}

/** What writing a stretch needs of the frame. */
export interface StretchHost extends IrWriter {
  readonly values: BlockValues;
  readonly floats: FloatNotes;
  readonly check: PermissionCheck;
  /** While the first way is written: floats go there, and whatever would leave branches to its label. */
  quick: QuickFloats | null;
  readonly quickLimits: QuickLimits;
  readonly constants: LoopConstants;
  readonly at: { readonly node: number };
  writeOp(op: Op): void;
  mark(): FrameMark;
  reset(mark: FrameMark): void;
  /** Values get locals of their own, since what they were read from changes. */
  copyReaders(readers: readonly Op[]): void;
  /** What is pushed meanwhile is not counted as used. */
  aside(write: () => void): void;
}
