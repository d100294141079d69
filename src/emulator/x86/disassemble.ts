/** Text of decoded instructions in Intel syntax, from the rows; for reports, not for assemblers. */
import type { Decoded } from './decode/decoded.ts';
import type { MemoryOperand, Operand, Width } from './operands.ts';
import { registerName } from './registers.ts';

const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', '?', '?'];
const SIZE_NAME: Readonly<Record<number, string>> = {
  8: 'byte ptr ', 16: 'word ptr ', 32: 'dword ptr ', 64: 'qword ptr ', 80: 'tbyte ptr ', 128: 'xmmword ptr ',
}; // oxfmt-ignore
const REPEAT = { none: '', F2: 'repne ', F3: 'rep ' } as const;

/** 'lock add qword ptr fs:[rax+rcx*4-0x8], rdx'. */
export function formatInstruction(decoded: Decoded): string {
  const name = mnemonicOf(decoded);
  const prefix = (decoded.hasLock ? 'lock ' : '') + (isString(decoded) ? REPEAT[decoded.repeat] : '');
  const operands = decoded.operands.map(formatOperand).join(', ');
  return `${prefix}${name}${operands === '' ? '' : ` ${operands}`}`;
}

/** 'cbw/cwde/cdqe' is named by operand size. */
export function mnemonicOf({ form, operandWidth }: Pick<Decoded, 'form' | 'operandWidth'>): string {
  const names = form.row.name.split('/');
  const index = operandWidth === 16 ? 0 : operandWidth === 64 ? 2 : 1;
  return names[Math.min(index, names.length - 1)].split(' ', 1)[0]; // 'mov cr' is a row, MOV the mnemonic
}

function isString({ form }: Decoded): boolean {
  return form.row.isRepeatable === true;
}

function formatOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'register':
      return registerName(operand);
    case 'memory':
      return SIZE_NAME[operand.width] === undefined
        ? formatMemory(operand)
        : SIZE_NAME[operand.width] + formatMemory(operand);
    case 'immediate':
      return formatImmediate(operand.low, operand.high, operand.width);
    case 'target':
      return hex(operand.address);
    case 'segment':
      return SEGMENTS[operand.register];
    case 'st':
      return `st(${operand.register})`;
    case 'mmx':
      return `mm${operand.register}`;
    default:
      return `xmm${operand.register}`;
  }
}

function formatMemory({ base, index, scale, displacement, segment, addressWidth }: MemoryOperand): string {
  const name = (register: number): string =>
    registerName({ kind: 'register', register, width: addressWidth, isHighByte: false });
  const parts: string[] = [];
  if (base >= 0) parts.push(name(base));
  if (index >= 0) parts.push(scale === 0 ? name(index) : `${name(index)}*${1 << scale}`);
  let text = parts.join('+');
  if (displacement !== 0 || text === '') {
    text += text === '' ? hex(displacement) : `${displacement < 0 ? '-' : '+'}${hex(Math.abs(displacement))}`;
  }
  return `${segment === 'none' ? '' : `${segment}:`}[${text}]`;
}

function formatImmediate(low: number, high: number, width: Width): string {
  if (width === 64 && high !== low >> 31) return `0x${((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16)}`;
  return hex(width === 8 ? low & 0xff : low);
}

function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
