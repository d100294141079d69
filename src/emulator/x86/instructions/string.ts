/**
 * String instructions: Intel SDM 1, 5.1.8. Without a prefix they are a load, a store and two steps. With REP they end
 * the block in the `repeatString` op, which every executor leaves to the same routine (string-operations.ts): it keeps
 * RCX, RSI and RDI exact after each step, so a fault or the end of the fuel shows partial progress.
 */
import { VARIABLE } from '../../ir/state-layout.ts';
import { type Instruction, instruction } from '../instruction.ts';
import type { Int } from '../int-builder.ts';
import type { Lifter } from '../lifter.ts';
import type { I64 } from '../../ir/block.ts';
import type { Width } from '../operands.ts';
import { RAX, RDI, RSI } from '../registers.ts';

type StringName = 'movs' | 'stos' | 'lods' | 'scas' | 'cmps';

const STRINGS: readonly (readonly [name: StringName, byteOpcode: number, step: (b: Lifter, width: Width) => void])[] = [
  ['movs', 0xa4, move],
  ['cmps', 0xa6, compare],
  ['stos', 0xaa, store],
  ['lods', 0xac, load],
  ['scas', 0xae, scan],
];

export const strings: readonly Instruction[] = STRINGS.flatMap(([name, opcode, step]) => {
  const sdm = `2A-2B, ${name.toUpperCase()}`;
  const common = { sdm, support: 'full', isRepeatable: true } as const;
  return [
    instruction({ ...common, name: `${name}b`, forms: [hex(opcode)], lift: (b) => lift(b, name, 8, step) }),
    instruction({
      ...common,
      name: `${name}w/${name}d/${name}q`,
      forms: [hex(opcode + 1)],
      lift: (b) => lift(b, name, b.width, step),
    }),
  ];
});

function hex(opcode: number): string {
  return opcode.toString(16).toUpperCase();
}

function lift(b: Lifter, name: StringName, width: Width, step: (b: Lifter, width: Width) => void): void {
  const { repeat, segment, addressWidth } = b.instruction;
  if (repeat === 'none') {
    step(b, width);
    return;
  }
  const until = name === 'scas' || name === 'cmps' ? (repeat === 'F3' ? 'E' : 'NE') : '';
  const base = segment === 'none' ? b.address(0) : b.ir.get64(segment === 'fs' ? VARIABLE.fsBase : VARIABLE.gsBase);
  b.ir.repeatString(base, `${name}${until}${addressWidth === 32 ? '.a32' : ''}`, width, b.next);
}

function sourceAddress(b: Lifter): I64 {
  return b.segmented(b.instruction.segment, b.unsigned64(b.getRegister(RSI, b.instruction.addressWidth)));
}

/** ES has base 0 and takes no override. */
function destinationAddress(b: Lifter): I64 {
  return b.unsigned64(b.getRegister(RDI, b.instruction.addressWidth));
}

/** Steps forward, or back when DF is set. */
function advance(b: Lifter, width: Width, ...registers: number[]): void {
  const { addressWidth } = b.instruction;
  const bytes = width / 8;
  const direction = b.ir.and32(b.ir.get32(VARIABLE.systemFlags), b.const32(0x400));
  const delta = b.select(direction, b.int(addressWidth, -bytes), b.int(addressWidth, bytes));
  for (const register of registers) {
    b.setRegister(register, b.add(b.getRegister(register, addressWidth), delta));
  }
}

function move(b: Lifter, width: Width): void {
  b.store(destinationAddress(b), b.load(width, sourceAddress(b)));
  advance(b, width, RSI, RDI);
}

function store(b: Lifter, width: Width): void {
  b.store(destinationAddress(b), b.getRegister(RAX, width));
  advance(b, width, RDI);
}

function load(b: Lifter, width: Width): void {
  const value = b.load(width, sourceAddress(b));
  b.setRegister(RAX, value);
  advance(b, width, RSI);
}

function scan(b: Lifter, width: Width): void {
  const second = b.load(width, destinationAddress(b));
  const first = b.getRegister(RAX, width);
  advance(b, width, RDI);
  compareValues(b, first, second);
}

function compare(b: Lifter, width: Width): void {
  const first = b.load(width, sourceAddress(b));
  const second = b.load(width, destinationAddress(b));
  advance(b, width, RSI, RDI);
  compareValues(b, first, second);
}

function compareValues(b: Lifter, first: Int, second: Int): void {
  b.setFlags('sub', b.sub(first, second), first, second);
}
