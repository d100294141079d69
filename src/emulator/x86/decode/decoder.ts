/**
 * Bytes → Decoded, after the opcode maps of Intel SDM 2A chapter 2 and appendix A, for 64-bit mode.
 *
 *   [legacy prefixes] [REX] [0F | 0F 38 | 0F 3A] opcode [ModRM [SIB] [displacement]] [immediate]      ≤ 15 bytes
 *
 * The decoder reads the address space through a CodeSource and reports instead of throwing: a byte that cannot be
 * fetched, an encoding without a row (describe-missing.ts tells what it is called and how long it is).
 */
import { assert } from '../../util/assert.ts';
import { mnemonicOf } from '../disassemble.ts';
import type { Form, OperandCode } from '../form.ts';
import type { MemoryOperand, Operand, RegisterOperand, Width } from '../operands.ts';
import type { DecodeTable } from './decode-table.ts';
import type { Decoded } from './decoded.ts';

/** What instructions are read from. */
export interface CodeSource {
  /** All guest bytes; index = address. */
  readonly u8: Uint8Array;
  /** Whether the page that holds `addr` may be executed. */
  isExecutable(addr: number): boolean;
}

export type DecodeResult =
  | { readonly kind: 'instruction'; readonly decoded: Decoded }
  /** The byte at `address` cannot be fetched. */
  | { readonly kind: 'fetch-fault'; readonly address: number }
  /** #UD. No row: the mnemonic is '' and `length` bytes were looked at. LOCK where it is not legal: mnemonic and length. */
  | { readonly kind: 'undefined'; readonly length: number; readonly mnemonic: string }
  /** #GP: more than 15 bytes. */
  | { readonly kind: 'too-long' };

const MAX_LENGTH = 15;
const PAGE_MASK = 0xfff;

class DecodeStop {
  address = 0;
}
// Preallocated: an instruction that ends in an unmapped page is rare, and the reading code stays plain.
const fetchFault = new DecodeStop();
const tooLong = new DecodeStop();

export class Decoder {
  readonly #table: DecodeTable;
  readonly #code: CodeSource;
  #u8: Uint8Array = new Uint8Array(0);
  #rip = 0;
  #at = 0;
  // Prefix state of the instruction that is being decoded.
  #rex = 0;
  #hasOperandSize = false;
  #hasAddressSize = false;
  #hasLock = false;
  #repeat: 'none' | 'F2' | 'F3' = 'none';
  #segment: 'none' | 'fs' | 'gs' = 'none';
  #modrm = 0;
  #opcode = 0;

  constructor(table: DecodeTable, code: CodeSource) {
    this.#table = table;
    this.#code = code;
  }

  /** Decodes the instruction at `rip`, a guest address below 4 GiB. */
  decode(rip: number): DecodeResult {
    this.#u8 = this.#code.u8;
    this.#rip = rip;
    this.#at = rip;
    try {
      return this.#decode();
    } catch (thrown) {
      if (thrown === fetchFault) return { kind: 'fetch-fault', address: fetchFault.address };
      if (thrown === tooLong) return { kind: 'too-long' };
      throw thrown;
    }
  }

  #decode(): DecodeResult {
    if (!this.#code.isExecutable(this.#rip)) this.#failFetch();
    const map = this.#prefixesAndMap();
    if (map < 0) return this.#undefined();
    const candidates = this.#table[map][this.#opcode];
    const form = this.#select(candidates);
    if (form === null) return this.#undefined();
    const operandWidth = this.#operandWidth(form);
    const operands = this.#operands(form, operandWidth);
    if (this.#hasLock && !(form.isLockable && operands[0]?.kind === 'memory'))
      return this.#undefined(`lock ${mnemonicOf({ form, operandWidth })}`);
    const decoded: Decoded = {
      rip: this.#rip,
      length: this.#at - this.#rip,
      next: this.#at,
      form,
      operands,
      operandWidth,
      addressWidth: this.#hasAddressSize ? 32 : 64,
      hasLock: this.#hasLock,
      repeat: form.prefix === 'F2' || form.prefix === 'F3' ? 'none' : this.#repeat,
      segment: this.#segment,
    };
    return { kind: 'instruction', decoded };
  }

  #undefined(mnemonic = ''): DecodeResult {
    return { kind: 'undefined', length: this.#at - this.#rip, mnemonic };
  }

  #failFetch(): never {
    fetchFault.address = this.#at;
    // eslint-disable-next-line typescript/only-throw-error -- preallocated, caught in decode()
    throw fetchFault;
  }

  #byte(): number {
    const at = this.#at;
    if (at - this.#rip >= MAX_LENGTH) {
      // eslint-disable-next-line typescript/only-throw-error -- preallocated, caught in decode()
      throw tooLong;
    }
    if ((at & PAGE_MASK) === 0 && at !== this.#rip && !this.#code.isExecutable(at)) this.#failFetch();
    this.#at = at + 1;
    return this.#u8[at];
  }

  #int16(): number {
    return ((this.#byte() | (this.#byte() << 8)) << 16) >> 16;
  }

  #int32(): number {
    return this.#byte() | (this.#byte() << 8) | (this.#byte() << 16) | (this.#byte() << 24);
  }

  /** Reads up to the opcode; the map, or -1 for VEX and EVEX. */
  #prefixesAndMap(): number {
    this.#rex = 0;
    this.#hasOperandSize = false;
    this.#hasAddressSize = false;
    this.#hasLock = false;
    this.#repeat = 'none';
    this.#segment = 'none';
    let byte = this.#byte();
    while (this.#takePrefix(byte)) byte = this.#byte();
    this.#opcode = byte;
    if (byte === 0xc4 || byte === 0xc5 || byte === 0x62) return -1;
    if (byte !== 0x0f) return 0;
    this.#opcode = this.#byte();
    if (this.#opcode !== 0x38 && this.#opcode !== 0x3a) return 1;
    const map = this.#opcode === 0x38 ? 2 : 3;
    this.#opcode = this.#byte();
    return map;
  }

  // A REX prefix counts only directly before the opcode (Intel SDM 2A, 2.2.1); ES, CS, SS and DS have no effect.
  #takePrefix(byte: number): boolean {
    if ((byte & 0xf0) === 0x40) {
      this.#rex = byte;
      return true;
    }
    switch (byte) {
      case 0x66:
        this.#hasOperandSize = true;
        break;
      case 0x67:
        this.#hasAddressSize = true;
        break;
      case 0xf0:
        this.#hasLock = true;
        break;
      case 0xf2:
        this.#repeat = 'F2';
        break;
      case 0xf3:
        this.#repeat = 'F3';
        break;
      case 0x64:
        this.#segment = 'fs';
        break;
      case 0x65:
        this.#segment = 'gs';
        break;
      case 0x26:
      case 0x2e:
      case 0x36:
      case 0x3e:
        break;
      default:
        return false;
    }
    this.#rex = 0;
    return true;
  }

  #select(candidates: readonly Form[]): Form | null {
    if (candidates.length === 0) return null;
    const prefix = this.#repeat !== 'none' ? this.#repeat : this.#hasOperandSize ? '66' : 'NP';
    const w = (this.#rex >> 3) & 1;
    this.#modrm = -1;
    for (const form of candidates) {
      if (form.prefix !== 'any' && form.prefix !== prefix) continue;
      if (form.w >= 0 && form.w !== w) continue;
      if (form.forbidsRexB && (this.#rex & 1) !== 0) continue;
      if (!form.hasModrm) return form;
      if (this.#modrm < 0) this.#modrm = this.#byte();
      if (form.ignoresMod) this.#modrm |= 0xc0;
      if (this.#matchesModrm(form)) return form;
    }
    return null;
  }

  #matchesModrm(form: Form): boolean {
    if ((this.#modrm & form.modrmMask) !== form.modrmByte) return false;
    if (form.reg >= 0 && form.reg !== ((this.#modrm >> 3) & 7)) return false;
    if (form.rm === 'any') return true;
    return (form.rm === 'register') === this.#modrm >= 0xc0;
  }

  #operandWidth(form: Form): Width {
    if (form.defaultSize === 'f64' || (this.#rex & 8) !== 0) return 64;
    if (this.#hasOperandSize) return 16;
    return form.defaultSize === 'd64' ? 64 : 32;
  }

  // ModRM memory (SIB, displacement) comes before immediates in the bytes, whatever the order of operands.
  #operands(form: Form, operandWidth: Width): Operand[] {
    const { operands } = form;
    let memory: MemoryOperand | null = null;
    if (form.hasModrm && this.#modrm < 0xc0) memory = this.#memory(immediateBytes(form, operandWidth));
    const decoded: Operand[] = [];
    for (const code of operands) decoded.push(this.#operand(code, operandWidth, memory));
    return decoded;
  }

  #operand(code: OperandCode, operandWidth: Width, memory: MemoryOperand | null): Operand {
    const reg = ((this.#modrm >> 3) & 7) | ((this.#rex & 4) << 1);
    const rm = (this.#modrm & 7) | ((this.#rex & 1) << 3);
    const width = widthOf(code.size, operandWidth);
    switch (code.letter) {
      case 'G':
        return this.#register(reg, width as Width);
      case 'E':
      case 'M':
      case 'R':
        return memory === null ? this.#register(rm, width as Width) : sized(memory, width);
      case 'Z':
        return this.#register((this.#opcode & 7) | ((this.#rex & 1) << 3), width as Width);
      case 'I':
      case 'sI':
        return this.#immediate(code, operandWidth);
      case 'J':
        return this.#target(code.size);
      case 'O':
        return sized(this.#absolute(), width);
      case 'V':
        return { kind: 'xmm', register: reg, width };
      case 'W':
      case 'U':
        return memory === null ? { kind: 'xmm', register: rm, width } : sized(memory, width);
      case 'P':
        return { kind: 'mmx', register: reg & 7, width };
      case 'Q':
      case 'N':
        return memory === null ? { kind: 'mmx', register: rm & 7, width } : sized(memory, width);
      case 'S':
        return { kind: 'segment', register: reg & 7, width: 16 };
      case 'ST':
        return { kind: 'st', register: code.size === '0' ? 0 : this.#modrm & 7, width: 80 };
      default:
        return fixedOperand(code.letter, operandWidth);
    }
  }

  #register(register: number, width: Width): RegisterOperand {
    const isHighByte = width === 8 && this.#rex === 0 && register >= 4 && register < 8;
    return { kind: 'register', register: isHighByte ? register - 4 : register, width, isHighByte };
  }

  /** ModRM.rm as memory; `tailBytes` of immediates follow, which RIP-relative addresses count from. */
  #memory(tailBytes: number): MemoryOperand {
    const mod = this.#modrm >> 6;
    let base = this.#modrm & 7;
    let index = -1;
    let scale = 0;
    let hasBase = true;
    if (base === 4) {
      const sib = this.#byte();
      scale = sib >> 6;
      index = ((sib >> 3) & 7) | ((this.#rex & 2) << 2);
      if (index === 4) index = -1;
      base = sib & 7;
      if (base === 5 && mod === 0) hasBase = false;
    } else if (base === 5 && mod === 0) {
      return this.#ripRelative(tailBytes);
    }
    let displacement = 0;
    if (mod === 1) displacement = (this.#byte() << 24) >> 24;
    else if (mod === 2 || !hasBase) displacement = this.#int32();
    return this.#memoryOperand(hasBase ? base | ((this.#rex & 1) << 3) : -1, index, scale, displacement);
  }

  #ripRelative(tailBytes: number): MemoryOperand {
    const displacement = this.#int32();
    const address = this.#at + tailBytes + displacement;
    return this.#memoryOperand(-1, -1, 0, this.#hasAddressSize ? address | 0 : address);
  }

  #memoryOperand(base: number, index: number, scale: number, displacement: number): MemoryOperand {
    const addressWidth = this.#hasAddressSize ? 32 : 64;
    return { kind: 'memory', base, index, scale, displacement, segment: this.#segment, addressWidth, width: 0 };
  }

  // MOV with a 64-bit absolute address (32 with 67h). Beyond 2^53 a number is not exact, but the access faults anyway.
  #absolute(): MemoryOperand {
    const low = this.#int32();
    const high = this.#hasAddressSize ? 0 : this.#int32();
    return this.#memoryOperand(-1, -1, 0, high * 0x1_0000_0000 + (low >>> 0));
  }

  #immediate({ letter, size }: OperandCode, operandWidth: Width): Operand {
    const width = letter === 'sI' || size === 'z' || size === 'v' ? operandWidth : size === 'w' ? 16 : 8;
    let low: number;
    if (size === 'b') low = letter === 'sI' ? (this.#byte() << 24) >> 24 : this.#byte();
    else if (size === 'w' || operandWidth === 16) low = this.#int16();
    else low = this.#int32();
    const high = size === 'v' && operandWidth === 64 ? this.#int32() : low >> 31;
    return { kind: 'immediate', low, high, width };
  }

  // Near branches take 32-bit displacements whatever 66h says (Intel's choice; AMD truncates).
  #target(size: string): Operand {
    const displacement = size === 'b' ? (this.#byte() << 24) >> 24 : this.#int32();
    return { kind: 'target', address: this.#at + displacement };
  }
}

const FIXED: Readonly<Record<string, { register: number; width: Width | 0 }>> = {
  AL: { register: 0, width: 8 },
  CL: { register: 1, width: 8 },
  AX: { register: 0, width: 16 },
  DX: { register: 2, width: 16 },
  rAX: { register: 0, width: 0 },
};

function fixedOperand(letter: string, operandWidth: Width): Operand {
  if (letter === '1') return { kind: 'immediate', low: 1, high: 0, width: 8 };
  const fixed = FIXED[letter];
  assert(fixed !== undefined, `x86: operand code '${letter}'`);
  return { kind: 'register', register: fixed.register, width: fixed.width || operandWidth, isHighByte: false };
}

const SIZES: Readonly<Record<string, number>> = {
  '': 0, b: 8, w: 16, d: 32, q: 64, dq: 128, x: 128, ps: 128, pd: 128, ss: 32, sd: 64, t: 80,
}; // oxfmt-ignore

function widthOf(size: string, operandWidth: Width): number {
  if (size === 'v') return operandWidth;
  if (size === 'y') return operandWidth === 64 ? 64 : 32;
  if (size === 'z') return operandWidth === 16 ? 16 : 32;
  return SIZES[size] ?? 0;
}

function sized(memory: MemoryOperand, width: number): MemoryOperand {
  return { ...memory, width };
}

function immediateBytes(form: Form, operandWidth: Width): number {
  let bytes = 0;
  for (const { letter, size } of form.operands) {
    if (letter !== 'I' && letter !== 'sI') continue;
    if (size === 'b') bytes += 1;
    else if (size === 'w' || operandWidth === 16) bytes += 2;
    else bytes += size === 'v' ? operandWidth / 8 : 4;
  }
  return bytes;
}
