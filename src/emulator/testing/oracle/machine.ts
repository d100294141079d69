/** Runs cases on our own core, through its public door, in the sandbox of case.ts. */
import { AddressSpace, VECTOR, type Cpu, type CpuState, type Exit } from '../../index.ts';
import { CODE, CONSTANT, DATA, GS_BASE, SIGNAL, type Case, type Ending, type Patch } from './case.ts';

const INT3 = 0xcc;
/** More than any case needs; what runs longer spins. */
const FUEL = 20_000;

/** Makes a core for the space that is handed in. */
export type MakeCpu = (space: AddressSpace) => Cpu;

export class Machine {
  readonly #space = new AddressSpace();
  readonly #cpu: Cpu;
  readonly #state: CpuState;

  constructor(makeCpu: MakeCpu) {
    this.#space.protect(CODE.addr, CODE.sizeBytes, 7);
    this.#space.protect(DATA.addr, DATA.sizeBytes, 3);
    this.#space.protect(CONSTANT.addr, CONSTANT.sizeBytes, 1);
    this.#cpu = makeCpu(this.#space);
    this.#state = this.#cpu.createState();
  }

  run(one: Case): Ending {
    const { u8 } = this.#space;
    this.#space.noteStore(CODE.addr, CODE.sizeBytes);
    u8.fill(INT3, CODE.addr, CODE.addr + CODE.sizeBytes);
    u8.set(one.code, one.codeAddr);
    u8.fill(0, DATA.addr, DATA.addr + DATA.sizeBytes);
    u8.fill(0, CONSTANT.addr, CONSTANT.addr + CONSTANT.sizeBytes);
    for (const { addr, bytes } of one.memory) u8.set(bytes, addr);
    const before = u8.slice(DATA.addr, DATA.addr + DATA.sizeBytes);
    this.#load(one);
    const exit = this.#cpu.run(this.#state, FUEL);
    return this.#endingOf(exit, before);
  }

  #load(one: Case): void {
    const state = this.#state;
    one.gpr.forEach((value, i) => state.set64(i, value));
    state.rflags = one.rflags;
    state.rip = BigInt(one.codeAddr);
    state.fsBase = 0n;
    state.gsBase = GS_BASE;
    state.loadFpu(one.fxsave);
  }

  #endingOf(exit: Exit, before: Uint8Array): Ending {
    const state = this.#state;
    const fxsave = new Uint8Array(512);
    state.saveFpu(fxsave);
    const fault = exit.kind === 'fault' ? exit.fault : undefined;
    const errorCode =
      fault?.vector === VECTOR.PF ? (fault.access === 'write' ? 6 : fault.access === 'fetch' ? 0x14 : 4) : 0;
    return {
      signal: fault === undefined ? SIGNAL.VTALRM : signalOf(fault.vector),
      vector: fault?.vector ?? 0,
      errorCode,
      faultAddr: fault?.address ?? 0n,
      rip: fault?.rip ?? state.rip,
      gpr: BigUint64Array.from({ length: 16 }, (_, i) => state.get64(i)),
      rflags: state.rflags,
      fxsave,
      changes: changesOf(before, this.#space.u8.subarray(DATA.addr, DATA.addr + DATA.sizeBytes)),
    };
  }
}

// Linux arch/x86/kernel/traps.c: the signal of each exception.
function signalOf(vector: number): number {
  switch (vector) {
    case VECTOR.DE:
    case VECTOR.MF:
    case VECTOR.XM:
      return SIGNAL.FPE;
    case VECTOR.DB:
    case VECTOR.BP:
      return SIGNAL.TRAP;
    case VECTOR.UD:
      return SIGNAL.ILL;
    case VECTOR.AC:
    case VECTOR.SS:
      return SIGNAL.BUS;
    default:
      return SIGNAL.SEGV;
  }
}

/** Runs of bytes that differ, as the harness tells them. */
function changesOf(before: Uint8Array, after: Uint8Array): Patch[] {
  const changes: Patch[] = [];
  for (let i = 0; i < after.length; i++) {
    if (before[i] === after[i]) continue;
    let end = i;
    while (end < after.length && before[end] !== after[end]) end++;
    changes.push({ addr: DATA.addr + i, bytes: after.slice(i, end) });
    i = end;
  }
  return changes;
}
