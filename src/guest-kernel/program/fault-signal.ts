/** Which signal an exception of the processor becomes (Linux arch/x86/kernel/traps.c), but for page faults. */
import { type CpuState, type Fault, VECTOR } from '../../emulator/index.ts';
import {
  BUS_ADRALN,
  FPE_FLTDIV,
  FPE_FLTINV,
  FPE_FLTOVF,
  FPE_FLTRES,
  FPE_FLTUND,
  FPE_INTDIV,
  ILL_ILLOPN,
  SI_KERNEL,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGTRAP,
  TRAP_BRKPT,
  TRAP_TRACE,
} from '../abi/signal.ts';

export function signalOf(fault: Fault, state: CpuState): { readonly signal: number; readonly code: number } {
  switch (fault.vector) {
    case VECTOR.DE:
      return { signal: SIGFPE, code: FPE_INTDIV };
    case VECTOR.MF:
    case VECTOR.XM:
      return { signal: SIGFPE, code: floatingPointCode(fault, state) };
    case VECTOR.DB:
      // A step, or INT1 (Linux arch/x86/kernel/hw_breakpoint.c and traps.c, get_si_code).
      return { signal: SIGTRAP, code: fault.isStep === true ? TRAP_TRACE : TRAP_BRKPT };
    case VECTOR.BP:
      return { signal: SIGTRAP, code: SI_KERNEL };
    case VECTOR.UD:
      return { signal: SIGILL, code: ILL_ILLOPN };
    case VECTOR.AC:
      return { signal: SIGBUS, code: BUS_ADRALN };
    case VECTOR.SS:
      return { signal: SIGBUS, code: SI_KERNEL };
    default: // GP, OF, BR
      return { signal: SIGSEGV, code: SI_KERNEL };
  }
}

// Linux arch/x86/kernel/fpu/core.c: fpu__exception_code, the order included.
function floatingPointCode(fault: Fault, state: CpuState): number {
  const raised = unmaskedExceptions(fault, state);
  if ((raised & 0x01) !== 0) return FPE_FLTINV;
  if ((raised & 0x04) !== 0) return FPE_FLTDIV;
  if ((raised & 0x08) !== 0) return FPE_FLTOVF;
  if ((raised & 0x12) !== 0) return FPE_FLTUND;
  return (raised & 0x20) !== 0 ? FPE_FLTRES : 0;
}

/** Bits IE DE ZE OE UE PE that are set and not masked, of the x87 unit (#MF) or of MXCSR (#XM). */
function unmaskedExceptions(fault: Fault, state: CpuState): number {
  if (fault.vector === VECTOR.XM) return state.mxcsr & ~(state.mxcsr >> 7) & 0x3f;
  const image = new Uint8Array(512);
  state.saveFpu(image);
  const [control = 0, , status = 0] = image; // FCW and FSW: Intel SDM 1, table 10-2
  return status & ~control & 0x3f;
}

// Intel SDM 3A 4.7: P, W/R, U/S, I/D.
export function pageFaultErrorCode({ access }: Fault, isPresent: boolean): number {
  return (isPresent ? 1 : 0) | (access === 'write' ? 2 : 0) | 4 | (access === 'fetch' ? 16 : 0);
}
