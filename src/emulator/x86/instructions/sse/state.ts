/** MXCSR and the FXSAVE area: Intel SDM 1, 5.5.3 and 5.12; and the hints of SSE that touch memory. */
import { VECTOR } from '../../../exit.ts';
import { MXCSR_MASK } from '../../../ir/fxsave-image.ts';
import { VARIABLE } from '../../../ir/state-layout.ts';
import { as32 } from '../../int-builder.ts';
import { type Instruction, instruction } from '../../instruction.ts';
import type { I32 } from '../../../ir/block.ts';
import type { Lifter } from '../../lifter.ts';
import { checkAlignment } from './vector.ts';

const AREA_BYTES = 512;
const AREA_MXCSR = 24;

/** #GP when a reserved bit of MXCSR would be set. */
function checkReserved(b: Lifter, mxcsr: I32): void {
  b.raiseIf(b.ir.and32(mxcsr, b.const32(~MXCSR_MASK)), VECTOR.GP);
}

export const sseState: readonly Instruction[] = [
  instruction({
    name: 'ldmxcsr',
    sdm: '2A, LDMXCSR',
    feature: 'sse',
    forms: ['NP 0F AE /2  Md'],
    support: 'full',
    lift(b, src) {
      const value = as32(b.read(src));
      checkReserved(b, value);
      b.ir.setLow32(value, VARIABLE.mxcsr);
    },
  }),
  instruction({
    name: 'stmxcsr',
    sdm: '2B, STMXCSR',
    feature: 'sse',
    forms: ['NP 0F AE /3  Md'],
    support: 'full',
    lift: (b, dst) => b.write(dst, b.fromI32(32, b.ir.get32(VARIABLE.mxcsr))),
  }),
  instruction({
    name: 'fxsave',
    sdm: '2A, FXSAVE',
    feature: 'fxsr',
    forms: ['NP 0F AE /0  M'],
    support: 'full',
    lift(b, dst) {
      const address = checkAlignment(b, b.addressOf(dst));
      b.ir.checkWrite(address, AREA_BYTES);
      b.ir.helper(b.ir.low32(address), b.const32(0), 'fxsave');
    },
  }),
  instruction({
    name: 'fxrstor',
    sdm: '2A, FXRSTOR',
    feature: 'fxsr',
    forms: ['NP 0F AE /1  M'],
    support: 'full',
    lift(b, src) {
      const address = checkAlignment(b, b.addressOf(src));
      b.ir.checkRead(address, AREA_BYTES);
      checkReserved(b, b.ir.load32(b.ir.add64(address, b.address(AREA_MXCSR))));
      b.ir.helper(b.ir.low32(address), b.const32(0), 'fxrstor');
    },
  }),
  instruction({
    name: 'clflush',
    sdm: '2A, CLFLUSH',
    feature: 'clflush',
    forms: ['NP 0F AE /7  Mb'],
    support: 'full',
    lift: (b, operand) => void b.read(operand),
  }),
];
