/**
 * seccomp(2): which system calls a thread may still make. A thread has no confinement, the strict one, or filters: classic
 * BPF programs that see struct seccomp_data of each call (Linux kernel/seccomp.c). Children and new threads inherit it.
 *
 *   struct seccomp_data, 64 bytes:  0 nr i32   4 arch u32   8 instruction_pointer u64   16 args u64[6]
 */
import { REG } from '../../emulator/index.ts';
import { EINVAL, ENOSYS } from '../abi/errno.ts';
import * as abi from '../abi/seccomp.ts';
import { SIGKILL, SIGSYS, SIG_IGN } from '../abi/signal.ts';
import { type Instruction, type Program, type Subject, check, instructionsOf, run } from '../bpf/classic-bpf.ts';
import type { GuestTask } from './guest-task.ts';
import { type SignalInfo, signalBit } from './signals.ts';

/** The newest filter, and those before it, which all still run. */
export interface Filter {
  readonly program: Program;
  readonly previous: Filter | undefined;
  /** SECCOMP_FILTER_FLAG_LOG: what it does not allow is told. */
  readonly isLogging: boolean;
}

export type Confinement = 'strict' | Filter;

/** What became of a call: it goes on; it has its answer; the thread has ended, or is about to. */
export type Verdict = 'passes' | 'answered' | 'ended';

const STRICT_CALLS: readonly number[] = [0, 1, 15, 60]; // read, write, rt_sigreturn, exit
const DATA_BYTES = 64;
const MAX_ERRNO = 4095;
/** What Linux lets a filter be made of besides jumps, by class: no modulo, and of the data only whole words. */
const ARGUMENT_REGISTERS = [REG.RDI, REG.RSI, REG.RDX, REG.R10, REG.R8, REG.R9] as const;

/** Linux seccomp_check_filter, behind what any program must be. @throws EINVAL */
export function checkFilter(program: Program): void {
  check(program);
  if (!instructionsOf(program).every(isAllowed)) throw EINVAL;
}

function isAllowed({ code, k }: Instruction): boolean {
  const [CLASS, MODE] = [code & 7, code & 0xe0];
  const [LD, LDX, ALU] = [0, 1, 4];
  const [ABS, IND, MSH, MODULO] = [0x20, 0x40, 0xa0, 0x90];
  if (CLASS === LD && MODE === ABS) return code === 0x20 && k < DATA_BYTES && k % 4 === 0;
  if (CLASS === LD && MODE === IND) return false;
  if (CLASS === LDX && MODE === MSH) return false;
  return CLASS !== ALU || (code & 0xf0) !== MODULO;
}

/** PR_GET_SECCOMP, and the row of /proc: 0, or SECCOMP_MODE_*. Who asks in strict mode does not live to hear it. */
export function seccompMode({ confinement }: Pick<GuestTask, 'confinement'>): number {
  if (confinement === undefined) return 0;
  return confinement === 'strict' ? abi.SECCOMP_MODE_STRICT : abi.SECCOMP_MODE_FILTER;
}

export function filterCount(confinement: Confinement | undefined): number {
  let count = 0;
  for (let at = confinement; at !== undefined && at !== 'strict'; at = at.previous) count++;
  return count;
}

/** Whether `old` is `filter` or one before it. */
export function isAncestor(old: Confinement | undefined, filter: Confinement | undefined): boolean {
  if (old === undefined) return true;
  for (let at = filter; at !== undefined && at !== 'strict'; at = at.previous) if (at === old) return true;
  return false;
}

function dataOf({ cpuState }: GuestTask, nr: number): Subject {
  const view = new DataView(new ArrayBuffer(DATA_BYTES));
  view.setInt32(0, nr, true);
  view.setUint32(4, abi.AUDIT_ARCH_X86_64, true);
  view.setBigUint64(8, cpuState.rip, true);
  for (const [i, register] of ARGUMENT_REGISTERS.entries()) {
    view.setInt32(16 + 8 * i, cpuState.low(register), true);
    view.setInt32(20 + 8 * i, cpuState.high(register), true);
  }
  return { length: DATA_BYTES, load: (offset) => (offset + 4 > DATA_BYTES ? undefined : view.getUint32(offset, true)) };
}

interface Answer {
  readonly action: number;
  readonly data: number;
  readonly isLogging: boolean;
}

/** All filters run, the newest first; the strictest answer counts, of equal ones the first. */
function judge(newest: Filter, subject: Subject): Answer {
  let strictest: Answer = { action: abi.SECCOMP_RET_ALLOW, data: 0, isLogging: false };
  for (let filter: Filter | undefined = newest; filter !== undefined; filter = filter.previous) {
    const answer = run(filter.program, subject);
    const action = (answer & abi.SECCOMP_RET_ACTION_FULL) | 0;
    // As signed numbers: killing the process is below killing the thread.
    if (action < (strictest.action | 0)) {
      strictest = { action: action >>> 0, data: answer & abi.SECCOMP_RET_DATA, isLogging: filter.isLogging };
    }
  }
  return strictest;
}

/** The thread is about to make a call. */
export function confine(task: GuestTask, confinement: Confinement, nr: number): Verdict {
  if (confinement === 'strict') return STRICT_CALLS.includes(nr) ? 'passes' : endThread(task, SIGKILL);
  const { action, data, isLogging } = judge(confinement, dataOf(task, nr));
  if (action === abi.SECCOMP_RET_ALLOW) return 'passes';
  const isKill = action === abi.SECCOMP_RET_KILL_PROCESS || action === abi.SECCOMP_RET_KILL_THREAD;
  if (isLogging || isKill || action === abi.SECCOMP_RET_LOG) say(task, nr, action);
  switch (action) {
    case abi.SECCOMP_RET_LOG:
      return 'passes';
    case abi.SECCOMP_RET_ERRNO:
      task.cpuState.setNumber(REG.RAX, -Math.min(data, MAX_ERRNO));
      return 'answered';
    case abi.SECCOMP_RET_TRAP:
      return trap(task, nr, data);
    case abi.SECCOMP_RET_TRACE: // nobody traces,
    case abi.SECCOMP_RET_USER_NOTIF: // and nobody listens
      task.cpuState.setNumber(REG.RAX, -ENOSYS.code);
      return 'answered';
    case abi.SECCOMP_RET_KILL_THREAD:
      if (task.program.threads.size > 1) return endThread(task, SIGSYS);
      break;
    default: // SECCOMP_RET_KILL_PROCESS, and what is unknown
  }
  task.dieWithCore(signalInfo(task, nr, data));
  return 'ended';
}

function say({ machine, program }: GuestTask, nr: number, action: number): void {
  machine.log.info(`${program.path}: seccomp: system call ${nr}, action 0x${action.toString(16)}`);
}

function signalInfo({ cpuState }: GuestTask, nr: number, reason: number): SignalInfo {
  return { signal: SIGSYS, code: abi.SYS_SECCOMP, refusedCall: { addr: cpuState.rip, nr, reason } };
}

/** SIGSYS cannot wait: where it is blocked or has no handler, the program dies of it. */
function trap(task: GuestTask, nr: number, reason: number): Verdict {
  const info = signalInfo(task, nr, reason);
  const { handler } = task.program.actions.get(SIGSYS);
  if (handler <= SIG_IGN || (task.signalMask & signalBit(SIGSYS)) !== 0n) {
    task.dieWithCore(info);
    return 'ended';
  }
  task.pendingSignals.add(info);
  return 'answered'; // RAX keeps the number
}

function endThread(task: GuestTask, signal: number): Verdict {
  if (task.program.threads.size > 1) task.end();
  else task.program.kill(signal);
  return 'ended';
}
