/**
 * The frame of a signal handler on the guest's stack, as Linux builds it on x86-64 (arch/x86/kernel/signal_64.c):
 *
 *   0 pretcode   8 ucontext (304)   312 siginfo (128)     440 bytes; the FXSAVE image lies above, 64-byte aligned
 *   ucontext: 0 flags, 8 link, 16 stack, 40 sigcontext (256), 296 sigmask
 *   sigcontext: r8-r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags, segments, err, trapno, oldmask, cr2, fpstate
 */
import { type CpuState, REG } from '../../emulator/index.ts';
import { AUDIT_ARCH_X86_64 } from '../abi/seccomp.ts';
import { SA_NODEFER, SA_ONSTACK, SIGCHLD, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK } from '../abi/signal.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import { type SignalAction, type SignalInfo, type SignalSet, UNBLOCKABLE, signalBit } from './signals.ts';

/** sigaltstack(2): stack_t. */
export interface AlternateStack {
  readonly addr: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

export const NO_ALTERNATE_STACK: AlternateStack = { addr: 0, sizeBytes: 0, flags: SS_DISABLE };

/** What of a thread the frame saves and restores. */
export interface SignalContext {
  readonly cpuState: CpuState;
  readonly memory: UserMemory;
  signalMask: SignalSet;
  alternateStack: AlternateStack;
}

const FRAME_BYTES = 440;
const UCONTEXT = 8;
const SIGCONTEXT = UCONTEXT + 40;
const SIGMASK = UCONTEXT + 296;
const SIGINFO = UCONTEXT + 304;
const FXSAVE_BYTES = 512;
const SOFTWARE_BYTES = 464;
const FP_XSTATE_MAGIC1 = 0x4650_5853;
const FP_XSTATE_MAGIC2_SIZE = 4;
const X87_AND_SSE = 3;
const RED_ZONE = 128;
/** UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
const UC_FLAGS = 6;
const SEGMENTS = 0x002b_0000_0000_0033n; // ss, fs, gs, cs
/** The order of general registers in struct sigcontext. */
const SAVED = [
  REG.R8,
  REG.R9,
  REG.R10,
  REG.R11,
  REG.R12,
  REG.R13,
  REG.R14,
  REG.R15,
  REG.RDI,
  REG.RSI,
  REG.RBP,
  REG.RBX,
  REG.RDX,
  REG.RAX,
  REG.RCX,
  REG.RSP,
] as const;
const RIP = SAVED.length * 8;
/** Flags a handler starts without: TF, DF, RF. */
const CLEARED_FLAGS = 0x1_0500n;
/** Flags sigreturn may set: Linux FIX_EFLAGS. */
const RESTORED_FLAGS = 0x5_0dd5n;

/** A handler starts with the units as after FNINIT (Linux arch/x86/kernel/fpu/core.c: fpu__clear_user_states). */
const INITIAL_FPU = initialFpu();

function initialFpu(): Uint8Array {
  const image = new Uint8Array(FXSAVE_BYTES);
  const view = new DataView(image.buffer);
  view.setUint16(0, 0x37f, true); // FCW: all masked, 64 bits of significand
  view.setUint32(24, 0x1f80, true); // MXCSR: all masked
  return image;
}

export function isOnAlternateStack(stack: AlternateStack, rsp: bigint): boolean {
  if ((stack.flags & (SS_DISABLE | SS_AUTODISARM)) !== 0) return false;
  return rsp > BigInt(stack.addr) && rsp <= BigInt(stack.addr + stack.sizeBytes);
}

/**
 * Makes the thread run the handler next. `savedMask` is what sigreturn restores.
 * @throws EFAULT when the stack cannot be written: the thread is as before.
 */
export function pushSignalFrame(
  context: SignalContext,
  info: SignalInfo,
  action: SignalAction,
  savedMask: SignalSet,
): void {
  const { cpuState: state, memory } = context;
  const stack = context.alternateStack;
  const rsp = state.get64(REG.RSP);
  const usesAlternate =
    (action.flags & SA_ONSTACK) !== 0 && (stack.flags & SS_DISABLE) === 0 && !isOnAlternateStack(stack, rsp);
  const top = usesAlternate ? stack.addr + stack.sizeBytes : Number(rsp) - RED_ZONE;
  const fpAddr = Math.floor((top - FXSAVE_BYTES) / 64) * 64;
  const frameAddr = Math.floor((fpAddr - FRAME_BYTES) / 16) * 16 - 8;
  const fpBytes = memory.writable(fpAddr, FXSAVE_BYTES);
  const frame = memory.writable(frameAddr, FRAME_BYTES);
  saveFloatingPoint(state, fpBytes);
  writeFrame(frame, context, info, { savedMask, fpAddr, restorer: action.restorer, rsp });
  const isDeferred = (action.flags & SA_NODEFER) === 0;
  const blocked = action.mask | (isDeferred ? signalBit(info.signal) : 0n);
  context.signalMask = (context.signalMask | blocked) & ~UNBLOCKABLE;
  if ((stack.flags & SS_AUTODISARM) !== 0) context.alternateStack = NO_ALTERNATE_STACK;
  state.setNumber(REG.RDI, info.signal);
  state.setNumber(REG.RSI, frameAddr + SIGINFO);
  state.setNumber(REG.RDX, frameAddr + UCONTEXT);
  state.setNumber(REG.RAX, 0);
  state.setNumber(REG.RSP, frameAddr);
  state.rip = BigInt(action.handler);
  state.rflags &= ~CLEARED_FLAGS;
  state.loadFpu(INITIAL_FPU);
}

/** The FXSAVE image and, in the bytes it leaves to software, struct _fpx_sw_bytes as Linux has it without XSAVE. */
function saveFloatingPoint(state: CpuState, dst: Uint8Array): void {
  dst.fill(0);
  state.saveFpu(dst);
  const software = new DataView(dst.buffer, dst.byteOffset + SOFTWARE_BYTES, FXSAVE_BYTES - SOFTWARE_BYTES);
  software.setUint32(0, FP_XSTATE_MAGIC1, true);
  software.setUint32(4, FXSAVE_BYTES + FP_XSTATE_MAGIC2_SIZE, true); // extended_size
  software.setUint32(8, X87_AND_SSE, true); // xfeatures
  software.setUint32(16, FXSAVE_BYTES, true); // xstate_size
}

function writeFrame(
  frame: Uint8Array,
  context: SignalContext,
  info: SignalInfo,
  saved: { savedMask: SignalSet; fpAddr: number; restorer: number; rsp: bigint },
): void {
  const { cpuState: state, alternateStack: stack } = context;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const put = (at: number, value: bigint): void => view.setBigUint64(at, BigInt.asUintN(64, value), true);
  frame.fill(0);
  put(0, BigInt(saved.restorer));
  put(UCONTEXT, BigInt(UC_FLAGS));
  put(UCONTEXT + 16, BigInt(stack.addr));
  view.setUint32(UCONTEXT + 24, (stack.flags | (isOnAlternateStack(stack, saved.rsp) ? SS_ONSTACK : 0)) >>> 0, true);
  put(UCONTEXT + 32, BigInt(stack.sizeBytes));
  for (const [i, register] of SAVED.entries()) put(SIGCONTEXT + i * 8, state.get64(register));
  put(SIGCONTEXT + RIP, state.rip);
  put(SIGCONTEXT + RIP + 8, state.rflags);
  put(SIGCONTEXT + RIP + 16, SEGMENTS);
  put(SIGCONTEXT + RIP + 24, BigInt(info.trap?.errorCode ?? 0));
  put(SIGCONTEXT + RIP + 32, BigInt(info.trap?.vector ?? 0));
  put(SIGCONTEXT + RIP + 40, saved.savedMask);
  put(SIGCONTEXT + RIP + 48, info.trap?.cr2 ?? 0n);
  put(SIGCONTEXT + RIP + 56, BigInt(saved.fpAddr));
  put(SIGMASK, saved.savedMask);
  encodeSignalInfo(frame.subarray(SIGINFO, SIGINFO + 128), info);
}

/** siginfo_t (asm-generic/siginfo.h): [128] u8. */
export function encodeSignalInfo(dst: Uint8Array, info: SignalInfo): void {
  const view = new DataView(dst.buffer, dst.byteOffset, dst.byteLength);
  dst.fill(0);
  view.setInt32(0, info.signal, true);
  view.setInt32(8, info.code, true);
  if (info.address !== undefined) {
    view.setBigUint64(16, BigInt.asUintN(64, info.address), true);
    return;
  }
  if (info.refusedCall !== undefined) {
    const { addr, nr, reason } = info.refusedCall;
    view.setInt32(4, reason, true); // si_errno
    view.setBigUint64(16, addr, true);
    view.setInt32(24, nr, true);
    view.setUint32(28, AUDIT_ARCH_X86_64, true);
    return;
  }
  if (info.io !== undefined) {
    view.setBigInt64(16, BigInt(info.io.band), true);
    view.setInt32(24, info.io.fd, true);
    return;
  }
  view.setUint32(16, info.timer?.id ?? info.pid ?? 0, true);
  view.setUint32(20, info.timer?.overrun ?? info.uid ?? 0, true);
  if (info.signal === SIGCHLD) view.setInt32(24, info.status ?? 0, true);
  else view.setBigUint64(24, BigInt.asUintN(64, info.value ?? 0n), true);
}

/** rt_sigreturn(2): restores what the frame holds now, which the handler may have edited. @throws EFAULT */
export function popSignalFrame(context: SignalContext): void {
  const { cpuState: state, memory } = context;
  const frameAddr = Number(state.get64(REG.RSP)) - 8;
  const frame = memory.readable(frameAddr, FRAME_BYTES);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const fpAddr = Number(view.getBigUint64(SIGCONTEXT + RIP + 56, true));
  if (fpAddr !== 0) state.loadFpu(withLegalMxcsr(memory.readable(fpAddr, FXSAVE_BYTES).slice()));
  for (const [i, register] of SAVED.entries()) state.set64(register, view.getBigUint64(SIGCONTEXT + i * 8, true));
  state.rip = view.getBigUint64(SIGCONTEXT + RIP, true);
  const flags = view.getBigUint64(SIGCONTEXT + RIP + 8, true);
  state.rflags = (state.rflags & ~RESTORED_FLAGS) | (flags & RESTORED_FLAGS);
  context.signalMask = view.getBigUint64(SIGMASK, true) & ~UNBLOCKABLE;
  context.alternateStack = {
    addr: Number(view.getBigUint64(UCONTEXT + 16, true)),
    flags: view.getUint32(UCONTEXT + 24, true) & ~SS_ONSTACK,
    sizeBytes: Number(view.getBigUint64(UCONTEXT + 32, true)),
  };
}

// Reserved bits of MXCSR would be #GP in FXRSTOR; Linux masks them (mxcsr_feature_mask).
function withLegalMxcsr(image: Uint8Array): Uint8Array {
  image[26] = 0;
  image[27] = 0;
  return image;
}
