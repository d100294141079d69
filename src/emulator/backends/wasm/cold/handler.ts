/** A handler of the micro-op interpreter: one shape of instruction, as a template made it. */
import type { Op } from '../../../ir/block.ts';
import type { HandlerLayout } from './handler-layout.ts';

export interface Handler {
  /** What tells it from all others. */
  readonly key: number;
  /** Of its template; empty when it came compiled. */
  readonly ops: readonly Op[];
  readonly layout: HandlerLayout;
  /** Whether its branch goes back, so that fuel is tested on the way. */
  readonly isBack: boolean;
  /** MicroStep.findsFlags of those it is for. */
  readonly findsFlags: number;
  /** MicroStep.isFlagless of those it is for. */
  readonly isFlagless: boolean;
  /** Place in the table; SLOT.slow until it is compiled, and for good where only the reference interpreter knows how. */
  slot: number;
  /** Whether it will be compiled. */
  isPending: boolean;
  /** A line of the list of prepare-handlers.ts; '' while nobody wrote one. */
  sample: string;
}
