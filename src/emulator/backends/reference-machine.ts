/**
 * What a running reference block works on: one thread's state, guest memory behind exact checks, and why it stopped.
 * The fields are plain and public because block closures read them at every step.
 */
import type { ExecutorServices } from '../executor.ts';
import { type Access, type Exit, type Fault, VECTOR, type Vector } from '../exit.ts';
import type { Op } from '../ir/block.ts';
import type { V128 } from '../ir/op-spec.ts';
import { STATE_OFFSET } from '../ir/state-layout.ts';
import { FAR_BITS, GUEST_LIMIT, PERMISSIONS_BASE } from '../memory/address-space.ts';
import { PAGE, PAGE_SHIFT } from '../memory/page-permissions.ts';
import { joinHalves } from './halves.ts';

const NOTHING_UNDEFINED = { bytes: new Uint8Array(0), mnemonic: '', missingFeature: '' } as const;
const PAGE_MASK = 0xfff;
/** The i32 that tells which bits of an address's high half must be clear. */
const FAR_HIGH = FAR_BITS / 4 + 1;
const SYSCALL: Exit = { kind: 'syscall' };

export class ReferenceMachine {
  readonly services: ExecutorServices;
  u8: Uint8Array;
  i32: Int32Array;
  data: DataView;
  /** Offset of the thread state. */
  base = 0;
  /** RIP of the instruction that is executing; a whole number. */
  rip = 0;
  /** Where the block that ended goes on; a whole number. */
  nextRip = 0;
  /** Not null when the run must end with it. RIP has been stored. */
  exit: Exit | null = null;
  /** Instructions of the block begun and not faulted. */
  retired = 0;
  /** Steps that a REP may make at once. */
  repeatLimit = 0;
  /** The block ended in an instruction behind which fuel is tested wherever it goes (fuel.ts). */
  isFuelTested = false;
  /** Translations were dropped: the running block may be stale from its next instruction on. */
  isCodeChanged = false;

  constructor(services: ExecutorServices) {
    this.services = services;
    ({ u8: this.u8, i32: this.i32, data: this.data } = services.space);
  }

  /** To be called before each block: memory may have grown since the last. */
  attach(stateAddr: number, repeatLimit: number): void {
    this.repeatLimit = repeatLimit;
    this.isFuelTested = false;
    ({ u8: this.u8, i32: this.i32, data: this.data } = this.services.space);
    this.base = stateAddr;
    this.exit = null;
    this.retired = 0;
    this.isCodeChanged = false;
    this.rip = this.#loadRip();
  }

  /** i32: fuel without what the block retired so far. */
  get fuel(): number {
    return this.i32[(this.base + STATE_OFFSET.fuel) >> 2];
  }

  /** Takes the block's instructions off the fuel. @returns whether the fuel rule ends the run here */
  settleFuel(): boolean {
    const left = (this.i32[(this.base + STATE_OFFSET.fuel) >> 2] -= this.retired);
    return left <= 0 && (this.isFuelTested || this.nextRip <= this.rip);
  }

  #loadRip(): number {
    const at = this.base + STATE_OFFSET.rip;
    return this.data.getInt32(at + 4, true) * 0x1_0000_0000 + this.data.getUint32(at, true);
  }

  storeRip(rip: number): void {
    const at = (this.base + STATE_OFFSET.rip) >> 2;
    this.i32[at] = rip;
    this.i32[at + 1] = Math.floor(rip / 0x1_0000_0000);
  }

  /** Address in int32 halves. @returns where [address, address + size) lies in memory, or -1 after raising a fault. */
  checkLoad(low: number, high: number, size: number): number {
    return this.#check(low, high, size, 'read', PAGE.READ);
  }

  /** The same for a load of what the instruction stores back: its fault is that of a write. */
  checkUpdate(low: number, high: number, size: number): number {
    return this.#check(low, high, size, 'write', PAGE.WRITE);
  }

  #check(low: number, high: number, size: number, access: Access, bit: number): number {
    const at = low >>> 0;
    if ((high & this.i32[FAR_HIGH]) !== 0 || at + size > GUEST_LIMIT) {
      return this.#failBeyond(low, high, size, access, bit);
    }
    const first = this.u8[PERMISSIONS_BASE + (at >>> PAGE_SHIFT)];
    if ((first & bit) === 0) return this.#pageFault(joinHalves(low, high), access);
    if ((at & PAGE_MASK) + size > 0x1000) return this.#checkSecond(at, high, size, bit, access);
    return at;
  }

  /** The same for a store; forgets translations of the bytes. */
  checkStore(low: number, high: number, size: number): number {
    const at = low >>> 0;
    if ((high & this.i32[FAR_HIGH]) !== 0 || at + size > GUEST_LIMIT) {
      return this.#failBeyond(low, high, size, 'write', PAGE.WRITE);
    }
    let permissions = this.u8[PERMISSIONS_BASE + (at >>> PAGE_SHIFT)];
    if ((permissions & PAGE.WRITE) === 0) return this.#pageFault(joinHalves(low, high), 'write');
    if ((at & PAGE_MASK) + size > 0x1000) {
      if (this.#checkSecond(at, high, size, PAGE.WRITE, 'write') < 0) return -1;
      permissions |= this.u8[PERMISSIONS_BASE + ((at + size - 1) >>> PAGE_SHIFT)];
    }
    if ((permissions & PAGE.HAS_CODE) !== 0 && this.services.codePages.store(at, size)) this.isCodeChanged = true;
    return at;
  }

  /** Whether [address, address + size), inside one page, may be read or written. */
  isAllowed(address: bigint, size: number, access: 'read' | 'write'): boolean {
    if (address >= BigInt(GUEST_LIMIT - size)) return false;
    const permissions = this.u8[PERMISSIONS_BASE + (Number(address) >>> PAGE_SHIFT)];
    return (permissions & (access === 'read' ? PAGE.READ : PAGE.WRITE)) !== 0;
  }

  // Bytes of the second page fault at its start.
  #checkSecond(at: number, high: number, size: number, bits: number, access: Access): number {
    const start = ((at + size - 1) & ~PAGE_MASK) >>> 0;
    const second = this.u8[PERMISSIONS_BASE + (start >>> PAGE_SHIFT)];
    return (second & bits) === 0 ? this.#pageFault(joinHalves(start, high), access) : at;
  }

  #failBeyond(low: number, high: number, size: number, access: Access, bits: number): -1 {
    const address = joinHalves(low, high);
    if (address >= 0x1_0000_0000n) {
      const isCanonical = BigInt.asIntN(48, address) === BigInt.asIntN(64, address);
      if (isCanonical) return this.#pageFault(address, access);
      const vector = this.services.usesStackSegment(this.rip, access) ? VECTOR.SS : VECTOR.GP;
      return this.fault(vector, this.rip, 0n, access);
    }
    // Straddles 4 GiB: the last page of the space is checked first.
    const first = this.u8[PERMISSIONS_BASE + (Number(address) >>> PAGE_SHIFT)];
    return this.#pageFault((first & bits) === 0 || size === 0 ? address : 0x1_0000_0000n, access);
  }

  #pageFault(address: bigint, access: Access): -1 {
    return this.fault(VECTOR.PF, this.rip, address, access);
  }

  /** Ends the run with a fault at the executing instruction; `rip` is what the report says. */
  fault(vector: number, rip: number, address = 0n, access: Access = 'read'): -1 {
    const isUndefined = vector === VECTOR.UD;
    const what = isUndefined ? this.services.describeUndefined(this.rip) : NOTHING_UNDEFINED;
    const fault: Fault = {
      vector: vector as Vector,
      rip: BigInt.asUintN(64, BigInt(rip)),
      address,
      access,
      ...what,
    };
    this.retired--;
    this.storeRip(rip);
    this.exit = { kind: 'fault', fault };
    return -1;
  }

  /** The code byte at `address` cannot be fetched; RIP stays. */
  fetchFault(address: bigint): void {
    this.retired++;
    const isCanonical = BigInt.asIntN(48, address) === BigInt.asIntN(64, address);
    if (isCanonical) this.fault(VECTOR.PF, this.rip, address, 'fetch');
    else this.fault(VECTOR.GP, this.rip, 0n, 'fetch');
  }

  syscall(next: number): void {
    this.storeRip(next);
    this.exit = SYSCALL;
  }
}

export type Step = () => boolean;

/** Where an op finds its arguments and leaves its result. */
export interface OpContext {
  readonly machine: ReferenceMachine;
  readonly op: Op;
  /** Values of integer ops by slot: i32 in `low`, i64 in both halves. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Values of other types, by position in the block: slot - origin. */
  readonly boxed: V128[];
  readonly origin: number;
  /** Slot of the op's own value. */
  readonly at: number;
  /** Slots of the arguments, -1 where there is none. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Makes the closure of an op that is not pure. */
export type EffectMaker = (context: OpContext) => Step;
