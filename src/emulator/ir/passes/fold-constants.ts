/**
 * Constant folding by the meanings of the op table, and the identities that lifted code is full of: sums with constants
 * join, masks join, operations that change nothing go.
 *
 * Reason: instructions are lifted one by one, so flags kept by INC or rotates pass through masks that later ones undo,
 * and stack addresses are sums of sums.
 */
import type { Block, Op } from '../block.ts';
import { specOf } from '../ops.ts';
import { renamedArgs, Rewriter } from './rewriter.ts';

export function foldConstants(block: Block): Block {
  const rewriter = new Rewriter();
  const renamed: Op[] = [];
  for (const op of block.ops) {
    const args = renamedArgs(op, renamed);
    renamed[op.id] = evaluated(rewriter, op, args) ?? simplified(rewriter, op, args) ?? rewriter.copy(op, args);
  }
  return { ...block, ops: rewriter.ops };
}

const isConstant = (op: Op): boolean => op.name === 'const32' || op.name === 'const64';

function evaluated(rewriter: Rewriter, op: Op, args: readonly Op[]): Op | null {
  const { meaning, attributes } = specOf(op.name);
  if (meaning === undefined || args.length === 0 || attributes.length > 0 || !args.every(isConstant)) return null;
  const values = args.map((arg) =>
    arg.name === 'const32' ? arg.imm : (BigInt(arg.imm2 >>> 0) << 32n) | BigInt(arg.imm >>> 0),
  );
  const result = (meaning as (...values: unknown[]) => unknown)(...values);
  if (op.type === 'i32') return rewriter.const32(Number(result));
  if (op.type !== 'i64') return null;
  const bits = BigInt.asIntN(64, result as bigint);
  return rewriter.const64(Number(BigInt.asIntN(32, bits)), Number(bits >> 32n));
}

function simplified(rewriter: Rewriter, op: Op, args: readonly Op[]): Op | null {
  const [a, b] = args;
  switch (op.name) {
    case 'and32':
      return simplifiedAnd(rewriter, a, b);
    case 'or32':
      if (b.name === 'const32' && b.imm === 0) return a;
      return joinedParts(rewriter, a, b) ?? joinedParts(rewriter, b, a);
    case 'xor32':
    case 'add32':
    case 'sub32':
    case 'shl32':
    case 'shr32':
    case 'sar32':
      return b.name === 'const32' && b.imm === 0 ? a : null;
    case 'or64':
    case 'xor64':
    case 'sub64':
      return b.name === 'const64' && b.imm === 0 && b.imm2 === 0 ? a : null;
    case 'shl64':
    case 'shr64':
    case 'sar64':
      return b.name === 'const32' && (b.imm & 63) === 0 ? a : null;
    case 'add64':
      return simplifiedAdd(rewriter, a, b);
    case 'low32':
      return simplifiedLow(rewriter, a);
    case 'xor128':
      // PXOR and XORPS of a register with itself: analyses know zeros when they see them.
      return a === b ? rewriter.append('splat32', [rewriter.const32(0)]) : null;
    case 'zext32':
      // The high half is cleared twice.
      return a.name === 'low32' && a.args[0].name === 'zext32' ? a.args[0] : null;
    default:
      return null;
  }
}

function simplifiedAnd(rewriter: Rewriter, a: Op, b: Op): Op | null {
  if (b.name !== 'const32') return null;
  const mask = b.imm;
  if (mask === -1 || (possibleBits(a) & ~mask) === 0) return a;
  if (a.name === 'and32' && a.args[1].name === 'const32') {
    return rewriter.append('and32', [a.args[0], rewriter.const32(mask & a.args[1].imm)]);
  }
  if (a.name !== 'or32') return null;
  const [left, right] = a.args;
  if ((possibleBits(right) & mask) === 0) return simplifiedAnd(rewriter, left, b) ?? masked(rewriter, left, b);
  if ((possibleBits(left) & mask) === 0) return simplifiedAnd(rewriter, right, b) ?? masked(rewriter, right, b);
  return null;
}

function masked(rewriter: Rewriter, a: Op, mask: Op): Op {
  return rewriter.append('and32', [a, mask]);
}

/**
 * (x & ~m) | ((x & m) op r), a bitwise operation on a part of x, is one on all of x.
 * @param kept x & ~m
 */
function joinedParts(rewriter: Rewriter, kept: Op, changed: Op): Op | null {
  if (kept.name !== 'and32' || kept.args[1].name !== 'const32') return null;
  if (changed.name !== 'and32' && changed.name !== 'or32' && changed.name !== 'xor32') return null;
  const [x, { imm: keptBits }] = kept.args;
  const isPart = (op: Op): boolean =>
    op.name === 'and32' && op.args[0] === x && op.args[1].name === 'const32' && op.args[1].imm === ~keptBits;
  const [a, b] = changed.args;
  const other = isPart(a) ? b : isPart(b) ? a : null;
  if (other === null || (possibleBits(other) & keptBits) !== 0) return null;
  if (changed.name !== 'and32') return rewriter.append(changed.name, [x, other]);
  // What the mask keeps apart must come through.
  return other.name === 'const32' ? rewriter.append('and32', [x, rewriter.const32(other.imm | keptBits)]) : null;
}

function simplifiedAdd(rewriter: Rewriter, a: Op, b: Op): Op | null {
  if (b.name !== 'const64') return null;
  if (b.imm === 0 && b.imm2 === 0) return a;
  if (a.name !== 'add64' || a.args[1].name !== 'const64') return null;
  const [base, first] = a.args;
  const low = (first.imm >>> 0) + (b.imm >>> 0);
  const high = first.imm2 + b.imm2 + (low > 0xffff_ffff ? 1 : 0);
  if ((low | 0) === 0 && (high | 0) === 0) return base;
  return rewriter.append('add64', [base, rewriter.const64(low, high)]);
}

function simplifiedLow(rewriter: Rewriter, a: Op): Op | null {
  if (a.name === 'zext32' || a.name === 'sext32' || a.name === 'pair64') return a.args[0];
  if (a.name !== 'add64' && a.name !== 'sub64') return null;
  // A 32-bit instruction on a register that was written as 64 bits: the sum of the low halves is enough.
  const [x, y] = a.args;
  if (y.name !== 'const64') return null;
  const low = simplifiedLow(rewriter, x) ?? rewriter.append('low32', [x]);
  return rewriter.append(a.name === 'add64' ? 'add32' : 'sub32', [low, rewriter.const32(y.imm)]);
}

const DEPTH = 6;

/** Bits that may be 1 in an i32 value. */
export function possibleBits(op: Op, depth = DEPTH): number {
  if (depth === 0) return -1;
  const [a, b] = op.args;
  switch (op.name) {
    case 'const32':
      return op.imm;
    case 'load8':
      return 0xff;
    case 'load16':
      return 0xffff;
    case 'and32':
      return possibleBits(a, depth - 1) & possibleBits(b, depth - 1);
    case 'or32':
    case 'xor32':
      return possibleBits(a, depth - 1) | possibleBits(b, depth - 1);
    case 'select32':
      return possibleBits(b, depth - 1) | possibleBits(op.args[2], depth - 1);
    case 'shl32':
      return b.name === 'const32' ? possibleBits(a, depth - 1) << b.imm : -1;
    case 'shr32':
      return b.name === 'const32' ? possibleBits(a, depth - 1) >>> b.imm : -1;
    case 'getFlags':
      return 0x8d5;
    default:
      return TRUTH.has(op.name) ? 1 : -1;
  }
}

const TRUTH: ReadonlySet<string> = new Set([
  'eq32',
  'ne32',
  'ltS32',
  'leS32',
  'ltU32',
  'leU32',
  'eq64',
  'ne64',
  'ltS64',
  'leS64',
  'ltU64',
  'leU64',
  'parity8',
  'condition',
]);
