/** Parses the form texts of instruction rows (grammar in instruction.ts). Runs once at start, over all rows. */
import { assert } from '../util/assert.ts';
import type { Instruction } from './instruction.ts';

export type MandatoryPrefix = 'any' | 'NP' | '66' | 'F2' | 'F3';

export interface OperandCode {
  /** 'E', 'G', 'I', 'sI', 'AL', 'ST', …: see instruction.ts. */
  readonly letter: string;
  /** 'b', 'v', 'dq', …; '' when none. */
  readonly size: string;
}

export interface Form {
  /** Number of the form in its decode table. */
  readonly id: number;
  readonly row: Instruction;
  readonly text: string;
  /** 0 one-byte, 1 0F, 2 0F 38, 3 0F 3A. */
  readonly map: number;
  readonly opcode: number;
  readonly hasOpcodeRegister: boolean;
  readonly prefix: MandatoryPrefix;
  /** 0, 1 or -1 for either. */
  readonly w: number;
  readonly hasModrm: boolean;
  /** ModRM.reg must be this; -1 for an operand. */
  readonly reg: number;
  /** (modrm & modrmMask) must be modrmByte; mask 0 when any. */
  readonly modrmByte: number;
  readonly modrmMask: number;
  /** What ModRM.mod must select. */
  readonly rm: 'any' | 'memory' | 'register';
  /** ModRM.mod is not looked at: 11 is taken. */
  readonly ignoresMod: boolean;
  readonly operands: readonly OperandCode[];
  readonly isLockable: boolean;
  /** REX.B must be clear: 90h is NOP only without it. */
  readonly forbidsRexB: boolean;
  readonly defaultSize: 'normal' | 'd64' | 'f64';
}

const PREFIXES = new Set(['NP', '66', 'F2', 'F3']);
const MODRM_LETTERS = new Set(['E', 'G', 'M', 'R', 'S', 'V', 'W', 'U', 'P', 'Q', 'N', 'ST']);

/** @throws InvariantError for a text outside the grammar. */
export function parseForm(row: Instruction, text: string, id = 0): Form {
  const [encoding = '', operandText = '', attributeText = ''] = text.split(/ {2,}/);
  const tokens = encoding.trim().split(' ');
  const prefix = PREFIXES.has(tokens[0]) ? (tokens.shift() as MandatoryPrefix) : 'any';
  const w = takeW(tokens);
  const map = takeMap(tokens);
  const opcodeToken = tokens.shift() ?? '';
  const modrm = parseModrm(tokens);
  const operands = operandText === '' || operandText === '-' ? [] : operandText.split(',').map(parseOperand);
  const attributes = new Set(attributeText.split(' '));
  assert(/^[0-9A-F]{2}(\+r)?$/.test(opcodeToken), `x86 form '${text}' of ${row.name}: opcode`);
  return {
    id,
    row,
    text,
    map,
    opcode: parseInt(opcodeToken, 16),
    hasOpcodeRegister: opcodeToken.endsWith('+r'),
    prefix,
    w,
    ...modrm,
    hasModrm: modrm.hasModrm || operands.some(({ letter }) => MODRM_LETTERS.has(letter)),
    rm: rmOf(operands),
    operands,
    isLockable: attributes.has('lock'),
    ignoresMod: attributes.has('mod3'),
    forbidsRexB: attributes.has('b0'),
    defaultSize: attributes.has('f64') ? 'f64' : attributes.has('d64') ? 'd64' : 'normal',
  };
}

function takeW(tokens: string[]): number {
  const w = tokens[0] === 'REX.W' ? 1 : tokens[0] === 'W0' ? 0 : -1;
  if (w >= 0) tokens.shift();
  return w;
}

function takeMap(tokens: string[]): number {
  const [escape, second = ''] = tokens;
  if (escape !== '0F' || tokens.length < 2) return 0;
  const map = second === '38' ? 2 : second === '3A' ? 3 : 1;
  tokens.splice(0, map === 1 ? 1 : 2);
  return map;
}

function parseModrm(tokens: readonly string[]): Pick<Form, 'hasModrm' | 'reg' | 'modrmByte' | 'modrmMask'> {
  const none = { hasModrm: false, reg: -1, modrmByte: 0, modrmMask: 0 };
  const [first = ''] = tokens;
  if (first === '/r') return { ...none, hasModrm: true };
  if (/^\/[0-7]$/.test(first)) return { ...none, hasModrm: true, reg: Number(first[1]) };
  if (!/^[0-9A-F]{2}(\+i)?$/.test(first)) return none;
  return { hasModrm: true, reg: -1, modrmByte: parseInt(first, 16), modrmMask: first.endsWith('+i') ? 0xf8 : 0xff };
}

function parseOperand(text: string): OperandCode {
  if (/^(AL|CL|AX|DX|rAX|1)$/.test(text)) return { letter: text, size: '' };
  if (text === 'ST0' || text === 'STi') return { letter: 'ST', size: text.slice(2) };
  const match = /^(sI|[A-Z])([a-z]*)$/.exec(text);
  assert(match !== null, `x86 form: operand '${text}'`);
  return { letter: match[1], size: match[2] };
}

function rmOf(operands: readonly OperandCode[]): Form['rm'] {
  if (operands.some(({ letter }) => letter === 'M')) return 'memory';
  return operands.some(({ letter }) => letter === 'R' || letter === 'U' || letter === 'N') ? 'register' : 'any';
}
