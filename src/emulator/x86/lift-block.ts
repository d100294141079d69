/** Decodes and lifts guest code from an address on into one IR block. */
import { VECTOR } from '../exit.ts';
import type { Block } from '../ir/block.ts';
import type { DecodeResult, Decoder } from './decode/decoder.ts';
import { Lifter } from './lifter.ts';
import { specOf } from '../ir/ops.ts';

/**
 * Ends at the first exit, after `maxInstructions`, before an instruction that cannot be lifted (which gets a block of
 * its own), and where the code enters another page, so that a block belongs to at most two pages.
 * @param endsAtStore also behind an instruction that may store to guest memory
 */
export function liftBlock(decoder: Decoder, rip: number, maxInstructions: number, endsAtStore = false): Block {
  const lifter = new Lifter();
  const { ops } = lifter.ir;
  let at = rip;
  let count = 0;
  while (!hasExit(lifter)) {
    const isNewPage = count > 0 && at >>> 12 !== rip >>> 12;
    const isEnd = isNewPage || count === maxInstructions || (endsAtStore && hasStore(lifter));
    const result = isEnd ? null : decoder.decode(at);
    if (result !== null && result.kind === 'instruction') {
      const { decoded } = result;
      lifter.begin(decoded);
      decoded.form.row.lift(lifter, ...decoded.operands);
      at += decoded.length;
      count++;
    } else if (count > 0 || result === null) {
      lifter.ir.jump(at);
    } else {
      at += liftFault(lifter, at, result);
      count = at > rip ? 1 : 0;
    }
  }
  return { rip, sizeBytes: at - rip, instructionCount: count, ops };
}

/** A block that only faults. @returns the bytes it covers. */
function liftFault(lifter: Lifter, rip: number, result: Exclude<DecodeResult, { kind: 'instruction' }>): number {
  if (result.kind === 'fetch-fault') {
    lifter.ir.fetchFault(result.address);
    return 0;
  }
  const length = result.kind === 'undefined' ? result.length : 15;
  lifter.ir.instruction(rip, length);
  lifter.ir.raise(result.kind === 'undefined' ? VECTOR.UD : VECTOR.GP, rip);
  return length;
}

function hasStore(lifter: Lifter): boolean {
  return lifter.ir.ops.some(({ name }) => specOf(name).effects === 'store');
}

function hasExit(lifter: Lifter): boolean {
  const { ops } = lifter.ir;
  return ops.length > 0 && specOf(ops[ops.length - 1].name).effects === 'exit';
}
