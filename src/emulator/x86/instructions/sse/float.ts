/** SSE floating point: arithmetic, comparison and conversion. The operations are defined in ir/float-unit.ts. */
import { type Instruction, instruction } from '../../instruction.ts';
import { lowInt, readVector, setXmm, fromInt, immediate, zeroVector } from './vector.ts';

interface Variant {
  readonly suffix: string;
  readonly prefix: string;
  readonly lanes: string;
  readonly operands: string;
  readonly feature: string;
}

// The four variants of most opcodes, by mandatory prefix.
const PS: Variant = { suffix: 'ps', prefix: 'NP', lanes: 'F32x4', operands: 'Vps,Wps', feature: 'sse' };
const PD: Variant = { suffix: 'pd', prefix: '66', lanes: 'F64x2', operands: 'Vpd,Wpd', feature: 'sse2' };
const SS: Variant = { suffix: 'ss', prefix: 'F3', lanes: 'F32', operands: 'Vss,Wss', feature: 'sse' };
const SD: Variant = { suffix: 'sd', prefix: 'F2', lanes: 'F64', operands: 'Vsd,Wsd', feature: 'sse2' };
const ALL = [PS, PD, SS, SD];

/** dst = operation(dst, src) for each variant. */
function family(verb: string, opcode: string, operation: string, variants: readonly Variant[] = ALL): Instruction[] {
  return variants.map(({ suffix, prefix, lanes, operands, feature }) =>
    convertRow(verb + suffix, feature, `${prefix} 0F ${opcode} /r  ${operands}`, operation + lanes),
  );
}

/** dst = operation(dst, src), both xmm. */
function convertRow(name: string, feature: string, form: string, operation: string): Instruction {
  return instruction({
    name,
    sdm: `2, ${name.toUpperCase()}`,
    feature,
    forms: [form],
    support: 'full',
    lift(b, dst, src) {
      const y = readVector(b, src);
      setXmm(b, dst, b.ir.float(readVector(b, dst), y, operation));
    },
  });
}

/** CMPPS and its kind: bits 3 to 7 of the immediate are ignored without VEX. */
function compareRow({ suffix, prefix, lanes, operands, feature }: Variant): Instruction {
  return instruction({
    name: `cmp${suffix}`,
    sdm: `2A, CMP${suffix.toUpperCase()}`,
    feature,
    forms: [`${prefix} 0F C2 /r ib  ${operands},Ib`],
    support: 'full',
    lift(b, dst, src, predicate) {
      const y = readVector(b, src);
      setXmm(b, dst, b.ir.float(readVector(b, dst), y, `cmp.${immediate(predicate) & 7}${lanes}`));
    },
  });
}

/** COMISS and its kind: ZF, PF and CF tell the order; OF, SF and AF become 0. */
function orderRow(name: string, feature: string, form: string, operation: string): Instruction {
  return instruction({
    name,
    sdm: `2, ${name.toUpperCase()}`,
    feature,
    forms: [form],
    support: 'full',
    lift(b, first, second) {
      const order = b.ir.float(readVector(b, first), readVector(b, second), operation);
      b.setFlagBits(b.ir.extract32(order, 0));
    },
  });
}

/** CVTSI2SD and its kind: an integer of 32 or 64 bits becomes the low lane. */
function fromIntegerRow(name: string, feature: string, prefix: string, operation: string): Instruction {
  return instruction({
    name,
    sdm: `2A, ${name.toUpperCase()}`,
    feature,
    forms: [`${prefix} 0F 2A /r  Vdq,Ey`],
    support: 'full',
    lift(b, dst, src) {
      const value = fromInt(b, b.read(src));
      const width = b.instruction.operandWidth === 64 ? 'I64' : 'I32';
      setXmm(b, dst, b.ir.float(readVector(b, dst), value, operation + width));
    },
  });
}

function toIntegerRow(name: string, feature: string, form: string, operation: string): Instruction {
  return instruction({
    name,
    sdm: `2A, ${name.toUpperCase()}`,
    feature,
    forms: [form],
    support: 'full',
    lift(b, dst, src) {
      const width = b.instruction.operandWidth === 64 ? 64 : 32;
      const value = readVector(b, src);
      b.write(dst, lowInt(b, b.ir.float(zeroVector(b), value, `${operation}I${width}`), width));
    },
  });
}

export const sseFloat: readonly Instruction[] = [
  ...family('add', '58', 'add'),
  ...family('mul', '59', 'mul'),
  ...family('sub', '5C', 'sub'),
  ...family('div', '5E', 'div'),
  ...family('min', '5D', 'min'),
  ...family('max', '5F', 'max'),
  ...family('sqrt', '51', 'sqrt'),
  ...family('rcp', '53', 'reciprocal', [PS, SS]),
  ...family('rsqrt', '52', 'reciprocalRoot', [PS, SS]),
  ...ALL.map(compareRow),
  convertRow('haddps', 'sse3', 'F2 0F 7C /r  Vps,Wps', 'addAcrossF32x4'),
  convertRow('haddpd', 'sse3', '66 0F 7C /r  Vpd,Wpd', 'addAcrossF64x2'),
  convertRow('hsubps', 'sse3', 'F2 0F 7D /r  Vps,Wps', 'subAcrossF32x4'),
  convertRow('hsubpd', 'sse3', '66 0F 7D /r  Vpd,Wpd', 'subAcrossF64x2'),
  convertRow('addsubps', 'sse3', 'F2 0F D0 /r  Vps,Wps', 'subAddF32x4'),
  convertRow('addsubpd', 'sse3', '66 0F D0 /r  Vpd,Wpd', 'subAddF64x2'),
  orderRow('ucomiss', 'sse', 'NP 0F 2E /r  Vss,Wss', 'orderSingleQuietly'),
  orderRow('ucomisd', 'sse2', '66 0F 2E /r  Vsd,Wsd', 'orderDoubleQuietly'),
  orderRow('comiss', 'sse', 'NP 0F 2F /r  Vss,Wss', 'orderSingle'),
  orderRow('comisd', 'sse2', '66 0F 2F /r  Vsd,Wsd', 'orderDouble'),
  fromIntegerRow('cvtsi2ss', 'sse', 'F3', 'singleFrom'),
  fromIntegerRow('cvtsi2sd', 'sse2', 'F2', 'doubleFrom'),
  toIntegerRow('cvttss2si', 'sse', 'F3 0F 2C /r  Gy,Wss', 'truncateSingleTo'),
  toIntegerRow('cvttsd2si', 'sse2', 'F2 0F 2C /r  Gy,Wsd', 'truncateDoubleTo'),
  toIntegerRow('cvtss2si', 'sse', 'F3 0F 2D /r  Gy,Wss', 'singleTo'),
  toIntegerRow('cvtsd2si', 'sse2', 'F2 0F 2D /r  Gy,Wsd', 'doubleTo'),
  convertRow('cvtps2pd', 'sse2', 'NP 0F 5A /r  Vpd,Wq', 'singlesToDoubles'),
  convertRow('cvtpd2ps', 'sse2', '66 0F 5A /r  Vps,Wpd', 'doublesToSingles'),
  convertRow('cvtss2sd', 'sse2', 'F3 0F 5A /r  Vsd,Wss', 'singleToDouble'),
  convertRow('cvtsd2ss', 'sse2', 'F2 0F 5A /r  Vss,Wsd', 'doubleToSingle'),
  convertRow('cvtdq2ps', 'sse2', 'NP 0F 5B /r  Vps,Wdq', 'singlesFromI32'),
  convertRow('cvtps2dq', 'sse2', '66 0F 5B /r  Vdq,Wps', 'singlesToI32'),
  convertRow('cvttps2dq', 'sse2', 'F3 0F 5B /r  Vdq,Wps', 'truncateSinglesToI32'),
  convertRow('cvtdq2pd', 'sse2', 'F3 0F E6 /r  Vpd,Wq', 'doublesFromI32'),
  convertRow('cvtpd2dq', 'sse2', 'F2 0F E6 /r  Vdq,Wpd', 'doublesToI32'),
  convertRow('cvttpd2dq', 'sse2', '66 0F E6 /r  Vdq,Wpd', 'truncateDoublesToI32'),
];
