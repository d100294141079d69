/**
 * Redundant state loads and copies: what a register holds is known after it was written or read once in the block.
 *
 * Reason: a lifted instruction reads its registers anew. Where the value is known, addresses become "register at block
 * entry + constant", which folding and the grouping of permission checks feed on. State at faults does not change,
 * since writes stay where they are.
 */
import type { Block, Op } from '../block.ts';
import { isOfX87, VARIABLE } from '../state-layout.ts';
import { renamedArgs, Rewriter } from './rewriter.ts';

/** What is known of a variable. */
interface Known {
  readonly value: Op;
  /** The value is all of it; or its low half, where the high half is zero, or is whatever the variable has. */
  readonly extent: 'whole' | 'zero above' | 'low half';
}

export function forwardState(block: Block): Block {
  const rewriter = new Rewriter();
  const renamed: Op[] = [];
  const known = new Map<number, Known>();
  for (const op of block.ops) {
    const args = renamedArgs(op, renamed);
    renamed[op.id] = forwarded(rewriter, known, op) ?? wider(rewriter, known, op, args) ?? rewriter.copy(op, args);
    remember(known, op, renamed[op.id], args);
  }
  return { ...block, ops: rewriter.ops };
}

function forwarded(rewriter: Rewriter, known: ReadonlyMap<number, Known>, op: Op): Op | null {
  if (op.name !== 'get64' && op.name !== 'get32' && op.name !== 'get128') return null;
  const found = known.get(op.imm);
  if (found === undefined) return null;
  const { value, extent } = found;
  if (op.name === 'get128') return value;
  // A 32-bit variable is whole in 32 bits.
  if (op.name === 'get32') return value.type === 'i32' ? value : rewriter.append('low32', [value]);
  if (extent === 'low half') return null;
  return extent === 'whole' ? value : rewriter.append('zext32', [value]);
}

/** A part written into a register whose high half is zero: a write of 32 bits, which keeps nothing. */
function wider(rewriter: Rewriter, known: ReadonlyMap<number, Known>, op: Op, args: readonly Op[]): Op | null {
  if (op.name !== 'setLow32' || known.get(op.imm)?.extent !== 'zero above') return null;
  return rewriter.append('set32', args, op.imm);
}

function remember(known: Map<number, Known>, op: Op, result: Op, args: readonly Op[]): void {
  switch (op.name) {
    case 'get64':
    case 'get128':
      if (known.get(op.imm)?.extent !== 'whole' && result.name === op.name)
        known.set(op.imm, { value: result, extent: 'whole' });
      break;
    case 'get32':
      if (!known.has(op.imm)) known.set(op.imm, { value: result, extent: 'low half' });
      break;
    case 'set64':
    case 'set128':
      known.set(op.imm, { value: args[0], extent: 'whole' });
      break;
    case 'set32':
      known.set(op.imm, { value: args[0], extent: 'zero above' });
      break;
    case 'setLow32':
      known.set(op.imm, {
        value: args[0],
        extent: known.get(op.imm)?.extent === 'zero above' ? 'zero above' : 'low half',
      });
      break;
    case 'float':
      known.delete(VARIABLE.mxcsr);
      break;
    case 'x87':
      for (const variable of known.keys()) if (isOfX87(variable)) known.delete(variable);
      break;
    case 'helper':
      known.clear();
      break;
    default:
  }
}
