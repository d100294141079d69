/**
 * Classic BPF (linux/filter.h; Documentation/networking/filter.rst): programs that look at a packet, or at the words of a
 * system call, and answer a number. Jumps go forward only, so a program that is checked ends.
 *
 *   struct sock_filter, 8 bytes:  0 code u16   2 jt u8   3 jf u8   4 k u32
 */
import { EINVAL } from '../abi/errno.ts';

export interface Instruction {
  readonly code: number;
  /** How many instructions to pass over when a comparison holds, and when not. */
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly k: number;
}

/** Its instructions as they lie in memory, two words each: a tenth of what objects take. Never changed. */
export type Program = Uint32Array;

/** What a program may load: a number of `size` bytes as it is to be seen, or undefined outside, which ends it with 0. */
export interface Subject {
  readonly length: number;
  load(offset: number, size: 1 | 2 | 4): number | undefined;
}

/** BPF_MAXINSNS. */
export const MAX_INSTRUCTIONS = 4096;
export const INSTRUCTION_BYTES = 8;
/** BPF_MEMWORDS. */
const MEMORY_WORDS = 16;
/** SKF_AD_OFF: offsets from here on are no bytes. */
const FIRST_ANCILLARY = 0xffff_f000;

// Classes.
const LD = 0;
const LDX = 1;
const ST = 2;
const STX = 3;
const ALU = 4;
const JMP = 5;
const RET = 6;
const MISC = 7;
// Modes of LD and LDX.
const IMM = 0x00;
const ABS = 0x20;
const IND = 0x40;
const MEM = 0x60;
const LEN = 0x80;
const MSH = 0xa0;
// Sizes.
const W = 0x00;
const H = 0x08;
const B = 0x10;
const X = 0x08;
/** In RET: the accumulator. */
const A = 0x10;
const TXA = 0x80;

type Operation = (a: number, b: number) => number | undefined;

/** By bits 4 to 7 of the code. Undefined: division by zero, which ends the program with 0. */
const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [0x00, (a, b) => a + b],
  [0x10, (a, b) => a - b],
  [0x20, (a, b) => Math.imul(a, b)],
  [0x30, (a, b) => (b === 0 ? undefined : Math.floor(a / b))],
  [0x40, (a, b) => a | b],
  [0x50, (a, b) => a & b],
  [0x60, (a, b) => a << b], // by the low 5 bits of b, as Linux has it too (kernel/bpf/core.c)
  [0x70, (a, b) => a >>> b],
  [0x80, (a) => -a],
  [0x90, (a, b) => (b === 0 ? undefined : a % b)],
  [0xa0, (a, b) => a ^ b],
]);
const DIVISION = 0x30;
const LEFT_SHIFT = 0x60;
const RIGHT_SHIFT = 0x70;
const NEGATION = 0x80;
const MODULO = 0x90;

const COMPARISONS: ReadonlyMap<number, (a: number, b: number) => boolean> = new Map([
  [0x10, (a: number, b: number) => a === b],
  [0x20, (a: number, b: number) => a > b],
  [0x30, (a: number, b: number) => a >= b],
  [0x40, (a: number, b: number) => (a & b) !== 0],
]);

const SIZES: ReadonlyMap<number, 1 | 2 | 4> = new Map([
  [W, 4],
  [H, 2],
  [B, 1],
]);

const classOf = (code: number): number => code & 7;
const operationOf = (code: number): number => code & 0xf0;
const modeOf = (code: number): number => code & 0xe0;

export function decode(bytes: Uint8Array): Program {
  return new Uint32Array(bytes.slice().buffer);
}

export function encode(program: Program): Uint8Array {
  return new Uint8Array(program.slice().buffer);
}

export function instructionsOf(program: Program): Instruction[] {
  return Array.from({ length: program.length / 2 }, (_, i) => {
    const [word = 0, k = 0] = program.subarray(2 * i);
    return { code: word & 0xffff, jumpTrue: (word >>> 16) & 0xff, jumpFalse: word >>> 24, k };
  });
}

/** Linux net/core/filter.c: bpf_check_classic. @throws EINVAL */
export function check(program: Program): void {
  const instructions = instructionsOf(program);
  const { length } = instructions;
  if (length === 0 || length > MAX_INSTRUCTIONS) throw EINVAL;
  for (const [at, instruction] of instructions.entries()) {
    if (!isKnown(instruction.code) || !isValid(instruction, length - at - 1)) throw EINVAL;
  }
  if (classOf(instructions.at(-1)?.code ?? LD) !== RET) throw EINVAL;
  checkMemory(instructions);
}

/** Linux chk_code_allowed. */
function isKnown(code: number): boolean {
  if (code > 0xff) return false;
  const mode = modeOf(code);
  const isWord = (code & 0x18) === W;
  switch (classOf(code)) {
    case LD:
      return mode === ABS || mode === IND ? SIZES.has(code & 0x18) : isWord && [IMM, MEM, LEN].includes(mode);
    case LDX:
      return mode === MSH ? (code & 0x18) === B : isWord && [IMM, MEM, LEN].includes(mode);
    case ST:
    case STX:
      return code === ST || code === STX;
    case ALU:
      return OPERATIONS.has(operationOf(code)) && code !== (ALU | NEGATION | X);
    case JMP:
      return code === JMP || COMPARISONS.has(operationOf(code));
    case RET:
      return code === RET || code === (RET | A);
    default:
      return code === MISC || code === (MISC | TXA);
  }
}

/** @param behind how many instructions follow */
function isValid({ code, jumpTrue, jumpFalse, k }: Instruction, behind: number): boolean {
  const operation = operationOf(code);
  const isOfConstant = (code & X) === 0;
  switch (classOf(code)) {
    case LD:
      if (modeOf(code) === ABS) return k < FIRST_ANCILLARY || ANCILLARY.has(k);
      return modeOf(code) !== MEM || k < MEMORY_WORDS;
    case LDX:
      return modeOf(code) !== MEM || k < MEMORY_WORDS;
    case ST:
    case STX:
      return k < MEMORY_WORDS;
    case ALU:
      if (isOfConstant && (operation === DIVISION || operation === MODULO)) return k !== 0;
      return !isOfConstant || (operation !== LEFT_SHIFT && operation !== RIGHT_SHIFT) || k < 32;
    case JMP:
      return code === JMP ? k < behind : jumpTrue < behind && jumpFalse < behind;
    default:
      return true;
  }
}

/** No word is loaded that some way there has not stored (Linux check_load_and_stores). @throws EINVAL */
function checkMemory(instructions: readonly Instruction[]): void {
  const masks = instructions.map(() => 0xffff);
  let stored = 0;
  const arrive = (at: number): void => {
    masks[at] = (masks[at] ?? 0) & stored;
  };
  for (const [at, { code, jumpTrue, jumpFalse, k }] of instructions.entries()) {
    stored &= masks[at] ?? 0;
    const kind = classOf(code);
    if (kind === ST || kind === STX) stored |= 1 << k;
    else if ((kind === LD || kind === LDX) && modeOf(code) === MEM) {
      if ((stored & (1 << k)) === 0) throw EINVAL;
    } else if (kind === JMP) {
      if (code === JMP) arrive(at + 1 + k);
      else {
        arrive(at + 1 + jumpTrue);
        arrive(at + 1 + jumpFalse);
      }
      stored = 0xffff;
    }
  }
}

/** What is told of a packet besides its bytes (SKF_AD_*), by offset; the answers are those of the loopback. */
const ANCILLARY: ReadonlyMap<number, (subject: Subject, registers: Registers) => number> = new Map([
  [0xffff_f000, () => 0x0800], // PROTOCOL: ETH_P_IP
  [0xffff_f004, () => 0], // PKTTYPE: PACKET_HOST
  [0xffff_f008, () => 1], // IFINDEX
  [0xffff_f014, () => 0], // MARK
  [0xffff_f018, () => 0], // QUEUE
  [0xffff_f01c, () => 772], // HATYPE: ARPHRD_LOOPBACK
  [0xffff_f020, () => 0], // RXHASH
  [0xffff_f024, () => 0], // CPU
  [0xffff_f028, (_subject: Subject, { a, x }: Registers) => (a ^ x) >>> 0], // ALU_XOR_X
  [0xffff_f02c, () => 0], // VLAN_TAG
  [0xffff_f030, () => 0], // VLAN_TAG_PRESENT
]);

interface Registers {
  a: number;
  x: number;
}

/** @param program a checked one. @returns what it answers, unsigned */
export function run(program: Program, subject: Subject): number {
  const registers: Registers = { a: 0, x: 0 };
  const memory = new Uint32Array(MEMORY_WORDS);
  for (let at = 0; ; at += 2) {
    const word = program[at] ?? RET;
    const k = program[at + 1] ?? 0;
    const code = word & 0xffff;
    switch (classOf(code)) {
      case RET:
        return code === RET ? k : registers.a;
      case JMP:
        at += 2 * jump(word, k, registers);
        break;
      case ST:
        memory[k] = registers.a;
        break;
      case STX:
        memory[k] = registers.x;
        break;
      case MISC:
        if (code === MISC) registers.x = registers.a;
        else registers.a = registers.x;
        break;
      default: {
        const value = classOf(code) === ALU ? calculate(code, k, registers) : load(code, k, registers, subject, memory);
        if (value === undefined) return 0;
        if (classOf(code) === LDX) registers.x = value >>> 0;
        else registers.a = value >>> 0;
      }
    }
  }
}

function calculate(code: number, k: number, { a, x }: Registers): number | undefined {
  return OPERATIONS.get(operationOf(code))?.(a, (code & X) === 0 ? k : x);
}

/** @returns how many instructions are passed over */
function jump(word: number, k: number, { a, x }: Registers): number {
  if ((word & 0xffff) === JMP) return k;
  const holds = COMPARISONS.get(operationOf(word))?.(a, (word & X) === 0 ? k : x) === true;
  return holds ? (word >>> 16) & 0xff : word >>> 24;
}

function load(
  code: number,
  k: number,
  registers: Registers,
  subject: Subject,
  memory: Uint32Array,
): number | undefined {
  switch (modeOf(code)) {
    case IMM:
      return k;
    case MEM:
      return memory[k];
    case LEN:
      return subject.length;
    case MSH: {
      const byte = subject.load(k, 1);
      return byte === undefined ? undefined : 4 * (byte & 15);
    }
    default: {
      const offset = modeOf(code) === IND ? (registers.x + k) >>> 0 : k;
      const special = modeOf(code) === ABS ? ANCILLARY.get(offset) : undefined;
      return special === undefined ? subject.load(offset, SIZES.get(code & 0x18) ?? 4) : special(subject, registers);
    }
  }
}

/** The bytes of a packet, numbers in network order. */
export function packetSubject(bytes: Uint8Array): Subject {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    length: bytes.length,
    load(offset, size) {
      if (offset + size > bytes.length) return undefined;
      return size === 4 ? view.getUint32(offset) : size === 2 ? view.getUint16(offset) : view.getUint8(offset);
    },
  };
}
