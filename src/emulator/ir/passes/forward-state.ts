/**
 * Redundant state loads and copies: what a register holds is known after it was written or read once in the block.
 *
 * Reason: a lifted instruction reads its registers anew. Where the value is known, addresses become "register at block
 * entry + constant", which folding and the grouping of permission checks feed on. State at faults does not change,
 * since writes stay where they are.
 */
import type { Block, Op } from '../block.ts';
import { VARIABLE } from '../state-layout.ts';
import { renamedArgs, Rewriter } from './rewriter.ts';

/** What is known of a variable: all of its value, or the low half of 64 bits with the high half zero (`isWhole` false). */
interface Known {
  readonly value: Op;
  readonly isWhole: boolean;
}

export function forwardState(block: Block): Block {
  const rewriter = new Rewriter();
  const renamed: Op[] = [];
  const known = new Map<number, Known>();
  for (const op of block.ops) {
    const args = renamedArgs(op, renamed);
    renamed[op.id] = forwarded(rewriter, known, op) ?? rewriter.copy(op, args);
    remember(known, op, renamed[op.id], args);
  }
  return { ...block, ops: rewriter.ops };
}

function forwarded(rewriter: Rewriter, known: ReadonlyMap<number, Known>, op: Op): Op | null {
  if (op.name !== 'get64' && op.name !== 'get32' && op.name !== 'get128') return null;
  const found = known.get(op.imm);
  if (found === undefined) return null;
  const { value, isWhole } = found;
  if (op.name === 'get128') return value;
  if (op.name === 'get64') return isWhole ? value : rewriter.append('zext32', [value]);
  return isWhole ? rewriter.append('low32', [value]) : value;
}

function remember(known: Map<number, Known>, op: Op, result: Op, args: readonly Op[]): void {
  switch (op.name) {
    case 'get64':
    case 'get128':
      if (!known.has(op.imm)) known.set(op.imm, { value: result, isWhole: true });
      break;
    case 'set64':
    case 'set128':
      known.set(op.imm, { value: args[0], isWhole: true });
      break;
    case 'set32':
      known.set(op.imm, { value: args[0], isWhole: false });
      break;
    case 'setLow32':
      known.delete(op.imm);
      break;
    case 'float':
      known.delete(VARIABLE.mxcsr);
      break;
    case 'helper':
      known.clear();
      break;
    default:
  }
}
