/** prctl(2): a row per option, in the order of linux/prctl.h. What is not here is EINVAL, as where Linux lacks it. */
import { bytesOf, type ByteString } from '../../emulator/util/bytes.ts';
import { EFAULT, EINVAL } from '../abi/errno.ts';
import { type GuestTask, asGuest } from '../program/guest-task.ts';
import { DEFAULT_TIMER_SLACK_NS } from '../program/kernel-task.ts';
import type { Thread } from '../program/thread.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';

const COMM_BYTES = 16;
const NSIG = 64;
/** CAP_LAST_CAP: CAP_CHECKPOINT_RESTORE. */
const LAST_CAPABILITY = 40;
const PR_TSC_ENABLE = 1;

interface Arguments {
  readonly arg: number;
  readonly arg3: number;
  readonly arg4: number;
  readonly arg5: number;
}

type Option = (task: GuestTask, args: Arguments) => Result;

function requireZeros(...words: readonly number[]): void {
  if (words.some((word) => word !== 0)) throw EINVAL;
}

function flag(value: number): boolean {
  if (value !== 0 && value !== 1) throw EINVAL;
  return value === 1;
}

function storeInt(task: GuestTask, addr: number, value: number): Result {
  task.memory.storeU32(addr, value);
  return 0;
}

const OPTIONS: ReadonlyMap<number, Option> = new Map<number, Option>([
  [
    1, // PR_SET_PDEATHSIG
    ({ program }, { arg }) => {
      if (arg > NSIG) throw EINVAL;
      program.parentDeathSignal = arg;
      return 0;
    },
  ],
  [2, (task, { arg }) => storeInt(task, arg, task.program.parentDeathSignal)], // PR_GET_PDEATHSIG
  [3, ({ program }) => Number(program.isDumpable)], // PR_GET_DUMPABLE
  [
    4, // PR_SET_DUMPABLE
    ({ program }, { arg }) => {
      program.isDumpable = flag(arg);
      return 0;
    },
  ],
  [7, ({ program }) => Number(program.keepsCapabilities)], // PR_GET_KEEPCAPS
  [
    8, // PR_SET_KEEPCAPS
    ({ program }, { arg }) => {
      program.keepsCapabilities = flag(arg);
      return 0;
    },
  ],
  [
    15, // PR_SET_NAME
    (task, { arg }) => {
      task.name = readName(task, arg);
      return 0;
    },
  ],
  [
    16, // PR_GET_NAME
    (task, { arg }) => {
      const dst = task.memory.writable(arg, COMM_BYTES);
      dst.fill(0);
      dst.set(bytesOf(task.name.slice(0, COMM_BYTES - 1)));
      return 0;
    },
  ],
  [
    23, // PR_CAPBSET_READ
    (_task, { arg }) => {
      if (arg > LAST_CAPABILITY) throw EINVAL;
      return 1;
    },
  ],
  [25, (task, { arg }) => storeInt(task, arg, PR_TSC_ENABLE)], // PR_GET_TSC
  [
    26, // PR_SET_TSC: RDTSC never traps
    (_task, { arg }) => {
      if (arg !== PR_TSC_ENABLE) throw EINVAL;
      return 0;
    },
  ],
  [
    29, // PR_SET_TIMERSLACK
    (task, { arg }) => {
      task.timerSlackNs = arg === 0 || arg >= 2 ** 63 ? DEFAULT_TIMER_SLACK_NS : arg;
      return 0;
    },
  ],
  [30, (task) => task.timerSlackNs], // PR_GET_TIMERSLACK
  [
    36, // PR_SET_CHILD_SUBREAPER
    ({ program }, { arg }) => {
      program.isSubreaper = arg !== 0;
      return 0;
    },
  ],
  [37, (task, { arg }) => storeInt(task, arg, Number(task.program.isSubreaper))], // PR_GET_CHILD_SUBREAPER
  [
    38, // PR_SET_NO_NEW_PRIVS: nothing gives new ones, since set-id bits are ignored
    ({ program }, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg3, arg4, arg5);
      if (arg !== 1) throw EINVAL;
      program.hasNoNewPrivileges = true;
      return 0;
    },
  ],
  [
    39, // PR_GET_NO_NEW_PRIVS
    ({ program }, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg, arg3, arg4, arg5);
      return Number(program.hasNoNewPrivileges);
    },
  ],
  [
    41, // PR_SET_THP_DISABLE: there are no huge pages
    ({ program }, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg3, arg4, arg5);
      program.hasNoHugePages = arg !== 0;
      return 0;
    },
  ],
  [
    42, // PR_GET_THP_DISABLE
    ({ program }, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg, arg3, arg4, arg5);
      return Number(program.hasNoHugePages);
    },
  ],
]);

function prctl(thread: Thread, { option, ...args }: Arguments & { readonly option: number }): Result {
  const run = OPTIONS.get(option);
  if (run === undefined) throw EINVAL;
  return run(asGuest(thread), args);
}

/** At most 15 bytes count, with or without a NUL among them. @throws EFAULT */
function readName({ memory }: Thread, addr: number): ByteString {
  let name = '';
  for (let i = 0; i < COMM_BYTES - 1; i++) {
    const byte = memory.readable(addr + i, 1)[0];
    if (byte === undefined) throw EFAULT;
    if (byte === 0) break;
    name += String.fromCharCode(byte);
  }
  return name;
}

// oxfmt-ignore
export const processControl: readonly Syscall[] = [
  syscall({ nr: 157, name: 'prctl', args: { option: 'int', arg: 'ptr', arg3: 'ptr', arg4: 'ptr', arg5: 'ptr' },
    support: partial('no capability bounding, seccomp, speculation, memory layout and names of mappings; they are EINVAL'), run: prctl }),
];
