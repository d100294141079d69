/** CpuState over the layout of state-layout.ts, and the slots that states lie in. */
import type { CpuState } from './cpu.ts';
import { loadFxImage, saveFxImage } from './ir/fxsave-image.ts';
import { flagsCode, STATUS_FLAGS, statusFlags } from './ir/lazy-flags.ts';
import { STATE_OFFSET, STATE_SIZE, STATES_BASE, STATES_END } from './ir/state-layout.ts';
import type { AddressSpace } from './memory/address-space.ts';
import { assert } from './util/assert.ts';

/** RFLAGS bits that POPF and signal returns may change: DF, TF, NT, AC, ID. RF, VM, IOPL and the like stay clear. */
const WRITABLE_SYSTEM_FLAGS = 0x400 | 0x100 | 0x4000 | 0x4_0000 | 0x20_0000;
/** Bit 1 is always set; IF too, as user mode sees it. */
const FIXED_FLAGS = 0x202;
const INITIAL_MXCSR = 0x1f80;
const INITIAL_FCW = 0x37f;
const BITS_CODE = flagsCode('bits', 32);

/** Hands out state slots of one space's machine area. */
export class StateSlots {
  readonly #space: AddressSpace;
  readonly #free: number[] = [];
  #next = STATES_BASE;
  #end = STATES_END;

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  /** @throws RangeError when no slot is left. */
  create(): ThreadState {
    const addr = this.#free.pop() ?? this.#take();
    const state = new ThreadState(this.#space, addr, () => this.#free.push(addr));
    state.reset();
    return state;
  }

  #take(): number {
    if (this.#next + STATE_SIZE > this.#end) this.#takeMore();
    const addr = this.#next;
    this.#next += STATE_SIZE;
    return addr;
  }

  /** Beyond the machine area the owner of the space finds room. @throws RangeError */
  #takeMore(): void {
    const addr = this.#space.onStatesFull(STATES_END - STATES_BASE);
    if (addr === undefined) throw new RangeError('no room for another thread state in this address space');
    this.#next = addr;
    this.#end = addr + STATES_END - STATES_BASE;
  }
}

export class ThreadState implements CpuState {
  readonly addr: number;
  readonly #space: AddressSpace;
  readonly #release: () => void;
  readonly #word: number;
  #isDisposed = false;

  constructor(space: AddressSpace, addr: number, release: () => void) {
    this.#space = space;
    this.addr = addr;
    this.#word = addr >> 2;
    this.#release = release;
  }

  reset(): void {
    const { u8 } = this.#space;
    u8.fill(0, this.addr, this.addr + STATE_SIZE);
    this.#space.i32[this.#word + (STATE_OFFSET.systemFlags >> 2)] = FIXED_FLAGS;
    this.#space.i32[this.#word + (STATE_OFFSET.flagsKind >> 2)] = BITS_CODE;
    this.mxcsr = INITIAL_MXCSR;
    this.#space.data.setUint16(this.addr + STATE_OFFSET.fcw, INITIAL_FCW, true);
  }

  low(register: number): number {
    return this.#space.i32[this.#word + 2 * register];
  }

  high(register: number): number {
    return this.#space.i32[this.#word + 2 * register + 1];
  }

  set(register: number, low: number, high: number): void {
    const at = this.#word + 2 * register;
    this.#space.i32[at] = low;
    this.#space.i32[at + 1] = high;
  }

  setNumber(register: number, value: number): void {
    this.set(register, value | 0, Math.floor(value / 0x1_0000_0000) | 0);
  }

  get64(register: number): bigint {
    return this.#load64(STATE_OFFSET.gpr + 8 * register);
  }

  set64(register: number, value: bigint): void {
    this.#store64(STATE_OFFSET.gpr + 8 * register, value);
  }

  get rip(): bigint {
    return this.#load64(STATE_OFFSET.rip);
  }

  set rip(value: bigint) {
    this.#store64(STATE_OFFSET.rip, value);
  }

  get rflags(): bigint {
    const { i32 } = this.#space;
    const at = this.#word + (STATE_OFFSET.flagsKind >> 2);
    const status = statusFlags(i32[at], i32[at + 2], i32[at + 3], i32[at + 4], i32[at + 5], i32[at + 6], i32[at + 7]);
    return BigInt(i32[this.#word + (STATE_OFFSET.systemFlags >> 2)] | status);
  }

  set rflags(value: bigint) {
    const bits = Number(BigInt.asIntN(32, value));
    const { i32 } = this.#space;
    const at = this.#word + (STATE_OFFSET.flagsKind >> 2);
    i32[at] = BITS_CODE;
    i32[at + 6] = bits & STATUS_FLAGS;
    i32[this.#word + (STATE_OFFSET.systemFlags >> 2)] = (bits & WRITABLE_SYSTEM_FLAGS) | FIXED_FLAGS;
  }

  get fsBase(): bigint {
    return this.#load64(STATE_OFFSET.fsBase);
  }

  set fsBase(value: bigint) {
    this.#store64(STATE_OFFSET.fsBase, value);
  }

  get gsBase(): bigint {
    return this.#load64(STATE_OFFSET.gsBase);
  }

  set gsBase(value: bigint) {
    this.#store64(STATE_OFFSET.gsBase, value);
  }

  get mxcsr(): number {
    return this.#space.i32[this.#word + (STATE_OFFSET.mxcsr >> 2)];
  }

  set mxcsr(value: number) {
    this.#space.i32[this.#word + (STATE_OFFSET.mxcsr >> 2)] = value;
  }

  saveFpu(dst: Uint8Array): void {
    saveFxImage(this.#space.u8, this.addr, dst, 0);
  }

  loadFpu(src: Uint8Array): void {
    assert(loadFxImage(this.#space.u8, this.addr, src, 0), 'cpu state: FXSAVE image with reserved MXCSR bits');
  }

  copyFrom(other: CpuState): void {
    assert(other instanceof ThreadState, 'cpu state: copy from a foreign kind of state');
    const from = other.#space.u8.subarray(other.addr, other.addr + STATE_SIZE);
    this.#space.u8.set(from, this.addr);
  }

  dispose(): void {
    assert(!this.#isDisposed, `cpu state at ${this.addr.toString(16)} released twice`);
    this.#isDisposed = true;
    this.#release();
  }

  #load64(offset: number): bigint {
    return this.#space.data.getBigUint64(this.addr + offset, true);
  }

  #store64(offset: number, value: bigint): void {
    this.#space.data.setBigUint64(this.addr + offset, value, true);
  }
}
