/**
 * REP string instructions, the one place that executes them. Every step is exact; runs that move forward inside pages
 * go in bulk. RCX, RSI and RDI are stored after each step or run, so that a fault shows the progress made. Each step
 * counts as one retired instruction, in bulk or not.
 */
import { flagsCode } from '../ir/lazy-flags.ts';
import { STATE_OFFSET } from '../ir/state-layout.ts';
import { assert } from '../util/assert.ts';
import { highHalf, joinHalves, lowHalf } from './halves.ts';
import type { EffectMaker, ReferenceMachine } from './reference-machine.ts';

const RAX = 0;
const RCX = 1;
const RSI = 6;
const RDI = 7;
const DF = 0x400;

/** What one REP instruction is. */
interface StringOperation {
  readonly name: 'movs' | 'stos' | 'lods' | 'scas' | 'cmps';
  /** Goes on while ZF has this value; null for those that do not compare. */
  readonly whileZero: boolean | null;
  readonly size: number;
  /** 32 with 67h: counter and addresses are the low halves. */
  readonly addressBits: 32 | 64;
}

/** How a step or run ended. */
type Outcome = 'go-on' | 'stop' | 'fault';

export const repeatString: EffectMaker = ({ machine, low, high, op, a }) => {
  const operation = parseOperation(op.tag, op.imm / 8);
  const next = op.imm2;
  return () => {
    run(machine, operation, joinHalves(low[a], high[a]), next);
    return true;
  };
};

function parseOperation(tag: string, size: number): StringOperation {
  const match = /^(movs|stos|lods|scas|cmps)(E|NE)?(\.a32)?$/.exec(tag);
  assert(match !== null, `reference: string operation '${tag}'`);
  const [, name, until, isNarrow] = match;
  return {
    name: name as StringOperation['name'],
    whileZero: until === undefined ? null : until === 'E',
    size,
    addressBits: isNarrow === undefined ? 64 : 32,
  };
}

function run(machine: ReferenceMachine, operation: StringOperation, base: bigint, next: number): void {
  const allowed = Math.max(1, Math.min(machine.fuel - machine.retired + 1, machine.repeatLimit));
  let done = 0;
  let outcome: Outcome = 'go-on';
  while (outcome === 'go-on' && done < allowed) {
    const left = count(machine, operation);
    if (left === 0) break;
    const bulk = bulkRun(machine, operation, base, Math.min(left, allowed - done));
    if (bulk === 0) {
      outcome = singleStep(machine, operation, base);
      if (outcome !== 'fault') done++;
    } else done += bulk;
  }
  machine.retired += outcome === 'fault' ? done : Math.max(done, 1) - 1;
  const isDone = outcome === 'stop' || count(machine, operation) === 0;
  machine.nextRip = isDone ? next : machine.rip;
}

// Registers at the instruction's address size; writing 32 bits clears the high half.

function getRegister({ data, base }: ReferenceMachine, { addressBits }: StringOperation, register: number): bigint {
  const value = data.getBigUint64(base + STATE_OFFSET.gpr + 8 * register, true);
  return addressBits === 64 ? value : BigInt.asUintN(32, value);
}

function addToRegister(machine: ReferenceMachine, operation: StringOperation, register: number, delta: number): void {
  const sum = BigInt.asUintN(operation.addressBits, getRegister(machine, operation, register) + BigInt(delta));
  machine.data.setBigUint64(machine.base + STATE_OFFSET.gpr + 8 * register, sum, true);
}

/** RCX as a number; beyond 2^53 it is not exact, but no run gets that far. */
function count(machine: ReferenceMachine, operation: StringOperation): number {
  return Number(getRegister(machine, operation, RCX));
}

function isBackward({ i32, base }: ReferenceMachine): boolean {
  return (i32[(base + STATE_OFFSET.systemFlags) >> 2] & DF) !== 0;
}

function moveOn(machine: ReferenceMachine, operation: StringOperation, steps: number): void {
  const bytes = (isBackward(machine) ? -1 : 1) * steps * operation.size;
  const { name } = operation;
  if (name !== 'stos' && name !== 'scas') addToRegister(machine, operation, RSI, bytes);
  if (name !== 'lods') addToRegister(machine, operation, RDI, bytes);
  addToRegister(machine, operation, RCX, -steps);
}

/** Steps of movs and stos that stay inside their pages, forward; 0 when there is no such run. */
function bulkRun(machine: ReferenceMachine, operation: StringOperation, base: bigint, most: number): number {
  const { name, size } = operation;
  if (most < 2 || (name !== 'movs' && name !== 'stos') || isBackward(machine)) return 0;
  const destination = getRegister(machine, operation, RDI);
  let steps = Math.min(most, stepsInPage(destination, size));
  let source = 0n;
  if (name === 'movs') {
    source = BigInt.asUintN(64, base + getRegister(machine, operation, RSI));
    steps = Math.min(steps, stepsInPage(source, size));
    // A destination just above its source repeats the pattern: only the bytes before it can move at once.
    const distance = Number(destination - source);
    if (distance > 0 && distance < steps * size) steps = Math.floor(distance / size);
  }
  if (steps < 2) return 0;
  const bytes = steps * size;
  // Where the page forbids it a single step raises the fault.
  if (name === 'movs' && !machine.isAllowed(source, bytes, 'read')) return 0;
  if (!machine.isAllowed(destination, bytes, 'write')) return 0;
  const to = machine.checkStore(Number(destination) | 0, 0, bytes);
  if (name === 'movs') machine.u8.copyWithin(to, Number(source), Number(source) + bytes);
  else fill(machine, to, bytes, size);
  moveOn(machine, operation, steps);
  return steps;
}

function stepsInPage(address: bigint, size: number): number {
  return Math.floor((0x1000 - Number(address & 0xfffn)) / size);
}

function fill({ u8, data, base }: ReferenceMachine, to: number, bytes: number, size: number): void {
  const pattern = base + STATE_OFFSET.gpr + 8 * RAX;
  if (size === 1) {
    u8.fill(u8[pattern], to, to + bytes);
    return;
  }
  for (let i = 0; i < size; i++) u8[to + i] = data.getUint8(pattern + i);
  for (let filled = size; filled < bytes; filled *= 2)
    u8.copyWithin(to + filled, to, to + Math.min(filled, bytes - filled));
}

function singleStep(machine: ReferenceMachine, operation: StringOperation, base: bigint): Outcome {
  const { name, size } = operation;
  const source = (): number => {
    const address = BigInt.asUintN(64, base + getRegister(machine, operation, RSI));
    return checkLoad(machine, address, size);
  };
  if (name === 'movs' || name === 'lods') {
    const from = source();
    if (from < 0) return 'fault';
    if (name === 'lods') loadAccumulator(machine, size, loadUnsigned(machine, from, size));
    else {
      const value = loadUnsigned(machine, from, size);
      const to = checkStore(machine, getRegister(machine, operation, RDI), size);
      if (to < 0) return 'fault';
      storeUnsigned(machine, to, size, value);
    }
  } else if (name === 'stos') {
    const to = checkStore(machine, getRegister(machine, operation, RDI), size);
    if (to < 0) return 'fault';
    storeUnsigned(machine, to, size, accumulator(machine, size));
  } else return compareStep(machine, operation, name === 'scas' ? null : source);
  moveOn(machine, operation, 1);
  return 'go-on';
}

function checkLoad(machine: ReferenceMachine, address: bigint, size: number): number {
  return machine.checkLoad(lowHalf(address), highHalf(address), size);
}

function checkStore(machine: ReferenceMachine, address: bigint, size: number): number {
  return machine.checkStore(lowHalf(address), highHalf(address), size);
}

function compareStep(machine: ReferenceMachine, operation: StringOperation, source: (() => number) | null): Outcome {
  const { size } = operation;
  const from = source === null ? 0 : source();
  if (from < 0) return 'fault';
  const first = source === null ? accumulator(machine, size) : loadUnsigned(machine, from, size);
  const at = checkLoad(machine, getRegister(machine, operation, RDI), size);
  if (at < 0) return 'fault';
  const second = loadUnsigned(machine, at, size);
  const flags = machine.base + STATE_OFFSET.flagsKind;
  machine.data.setInt32(flags, flagsCode('sub', 8 * size), true);
  machine.data.setBigUint64(flags + 8, BigInt.asUintN(8 * size, first - second), true);
  machine.data.setBigUint64(flags + 16, first, true);
  machine.data.setBigUint64(flags + 24, second, true);
  moveOn(machine, operation, 1);
  return (first === second) === operation.whileZero ? 'go-on' : 'stop';
}

function accumulator({ data, base }: ReferenceMachine, size: number): bigint {
  return BigInt.asUintN(8 * size, data.getBigUint64(base + STATE_OFFSET.gpr + 8 * RAX, true));
}

/** AL and AX keep the rest of RAX, EAX clears the high half. */
function loadAccumulator({ data, base }: ReferenceMachine, size: number, value: bigint): void {
  const at = base + STATE_OFFSET.gpr + 8 * RAX;
  const old = data.getBigUint64(at, true);
  const kept = size >= 4 ? 0n : (old >> BigInt(8 * size)) << BigInt(8 * size);
  data.setBigUint64(at, kept | value, true);
}

function loadUnsigned({ data, u8 }: ReferenceMachine, at: number, size: number): bigint {
  if (size === 1) return BigInt(u8[at]);
  if (size === 2) return BigInt(data.getUint16(at, true));
  return size === 4 ? BigInt(data.getUint32(at, true)) : data.getBigUint64(at, true);
}

function storeUnsigned({ data, u8 }: ReferenceMachine, at: number, size: number, value: bigint): void {
  if (size === 1) u8[at] = Number(value);
  else if (size === 2) data.setUint16(at, Number(value), true);
  else if (size === 4) data.setUint32(at, Number(value), true);
  else data.setBigUint64(at, value, true);
}
