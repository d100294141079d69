/**
 * Drops what nobody sees: values without use, and flags that are overwritten before anything can ask for them.
 *
 * Reason: nearly every instruction sets flags and few are read. An op that may fault, a helper, an exit, or a read of
 * the flags sees them: faults are exact (DESIGN decision 6).
 */
import type { Block, Op } from '../block.ts';
import { specOf } from '../ops.ts';
import { isRemovable, renamedArgs, Rewriter } from './rewriter.ts';

export function removeDead(block: Block): Block {
  const isKept = new Uint8Array(block.ops.length);
  let areFlagsSeen = true;
  for (let i = block.ops.length - 1; i >= 0; i--) {
    const op = block.ops[i];
    const isFlags = op.name === 'setFlags32' || op.name === 'setFlags64';
    if (isFlags ? areFlagsSeen : !isRemovable(op)) isKept[i] = 1;
    if (isKept[i] === 0) continue;
    for (const arg of op.args) isKept[arg.id] = 1;
    if (isFlags) areFlagsSeen = false;
    else if (seesFlags(op)) areFlagsSeen = true;
  }
  const rewriter = new Rewriter();
  const renamed: Op[] = [];
  for (const op of block.ops) {
    if (isKept[op.id] === 0) continue;
    renamed[op.id] = rewriter.copy(op, renamedArgs(op, renamed));
  }
  return { ...block, ops: rewriter.ops };
}

function seesFlags(op: Op): boolean {
  if (op.name === 'getFlags' || op.name === 'condition' || op.name === 'setFlagsIf32' || op.name === 'setFlagsIf64') {
    return true;
  }
  const { effects } = specOf(op.name);
  return effects === 'load' || effects === 'store' || effects === 'raise' || effects === 'helper' || effects === 'exit';
}
