/** Runs cases on our own core, through its public door, in the sandbox of case.ts. */
import { AddressSpace, VECTOR, type Cpu, type CpuState, type Exit, type Fault } from '../../index.ts';
import { CODE, CONSTANT, DATA, EDGE, GS_BASE, SIGNAL, type Case, type Ending, type Patch } from './case.ts';

const INT3 = 0xcc;
/** More than any case needs; what runs longer spins. */
const FUEL = 20_000;

// Linux include/uapi/asm-generic/siginfo.h
const SEGV_MAPERR = 1;
const SEGV_ACCERR = 2;
const SI_KERNEL = 0x80;

const ZEROS = new Uint8Array(EDGE.sizeBytes);

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
    this.#space.protect(EDGE.addr, EDGE.sizeBytes, 3);
    this.#space.protect(EDGE.readOnlyAddr, EDGE.sizeBytes, 1);
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
    u8.fill(0, EDGE.addr, EDGE.addr + EDGE.sizeBytes);
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
    const signal = fault === undefined ? SIGNAL.VTALRM : signalOf(fault.vector);
    return {
      signal,
      vector: fault?.vector ?? 0,
      ...this.#pageFaultOf(fault),
      faultAddr: fault?.address ?? 0n,
      rip: fault?.rip ?? state.rip,
      gpr: BigUint64Array.from({ length: 16 }, (_, i) => state.get64(i)),
      rflags: state.rflags,
      fxsave,
      changes: [
        ...changesOf(DATA.addr, before, this.#space.u8.subarray(DATA.addr, DATA.addr + DATA.sizeBytes)),
        ...changesOf(EDGE.addr, ZEROS, this.#space.u8.subarray(EDGE.addr, EDGE.addr + EDGE.sizeBytes)),
      ],
    };
  }

  /** Error code (Intel SDM 3A 4.7: P, W/R, U/S, I/D) and what Linux makes of the fault. */
  #pageFaultOf(fault: Fault | undefined): Pick<Ending, 'errorCode' | 'siCode' | 'siAddr'> {
    if (fault?.vector !== VECTOR.PF)
      return { errorCode: 0, siCode: isAddressFault(fault) ? SI_KERNEL : -1, siAddr: 0n };
    const isMapped = this.#space.permissionsAt(Number(fault.address)) !== 0;
    // Linux hides from programs what of the kernel's half is mapped: arch/x86/mm/fault.c, sanitize_error_code.
    const present = isMapped || fault.address >> 47n !== 0n ? 1 : 0;
    const access = fault.access === 'write' ? 2 : fault.access === 'fetch' ? 0x10 : 0;
    return { errorCode: present | access | 4, siCode: isMapped ? SEGV_ACCERR : SEGV_MAPERR, siAddr: fault.address };
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

function isAddressFault(fault: Fault | undefined): boolean {
  return fault?.vector === VECTOR.GP || fault?.vector === VECTOR.SS;
}

/** Runs of bytes that differ, as the harness tells them. */
function changesOf(base: number, before: Uint8Array, after: Uint8Array): Patch[] {
  const changes: Patch[] = [];
  for (let i = 0; i < after.length; i++) {
    if (before[i] === after[i]) continue;
    let end = i;
    while (end < after.length && before[end] !== after[end]) end++;
    changes.push({ addr: base + i, bytes: after.slice(i, end) });
    i = end;
  }
  return changes;
}
