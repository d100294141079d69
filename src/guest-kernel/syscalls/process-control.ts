/** prctl(2): a row per option, in the order of linux/prctl.h. What is not here is EINVAL, as where Linux lacks it. */
import { bytesOf, type ByteString } from '../../emulator/util/bytes.ts';
import { CAP_SYS_RESOURCE } from '../abi/capability.ts';
import { EFAULT, EINVAL, ENODEV, ENXIO } from '../abi/errno.ts';
import { seccompMode } from '../program/confinement.ts';
import { type GuestTask, asGuest } from '../program/guest-task.ts';
import { DEFAULT_TIMER_SLACK_NS } from '../program/kernel-task.ts';
import type { Thread } from '../program/thread.ts';
import { requireCapability } from '../vfs/credentials.ts';
import {
  changeAmbient,
  dropBounding,
  isBounding,
  keepsCapabilities,
  setKeepsCapabilities,
  setSecurebits,
} from './capabilities.ts';
import { setSeccomp } from './seccomp.ts';
import { setMappingName } from './mapping-names.ts';
import { type Result, type Syscall, partial, syscall } from './syscall.ts';

const COMM_BYTES = 16;
const NSIG = 64;
const PR_TSC_ENABLE = 1;
/** PR_MCE_KILL_DEFAULT. */
const MCE_KILL_DEFAULT = 2;
/** PR_SPEC_STORE_BYPASS, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_L1D_FLUSH. */
const SPECULATIONS = 3;

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
  [7, keepsCapabilities], // PR_GET_KEEPCAPS
  [8, (task, { arg }) => setKeepsCapabilities(task, arg)], // PR_SET_KEEPCAPS
  [13, () => 0], // PR_GET_TIMING: PR_TIMING_STATISTICAL
  [
    14, // PR_SET_TIMING
    (_task, { arg }) => {
      requireZeros(arg);
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
  [21, seccompMode], // PR_GET_SECCOMP
  [22, (task, { arg, arg3 }) => setSeccomp(task, arg, arg3)], // PR_SET_SECCOMP
  [23, (task, { arg }) => isBounding(task, arg)], // PR_CAPBSET_READ
  [24, (task, { arg }) => dropBounding(task, arg)], // PR_CAPBSET_DROP
  [25, (task, { arg }) => storeInt(task, arg, PR_TSC_ENABLE)], // PR_GET_TSC
  [
    26, // PR_SET_TSC: RDTSC never traps
    (_task, { arg }) => {
      if (arg !== PR_TSC_ENABLE) throw EINVAL;
      return 0;
    },
  ],
  [27, ({ credentials }) => credentials.capabilities.securebits], // PR_GET_SECUREBITS
  [28, (task, { arg }) => setSecurebits(task, arg)], // PR_SET_SECUREBITS
  [
    29, // PR_SET_TIMERSLACK
    (task, { arg }) => {
      task.timerSlackNs = arg === 0 || arg >= 2 ** 63 ? DEFAULT_TIMER_SLACK_NS : arg;
      return 0;
    },
  ],
  [30, (task) => task.timerSlackNs], // PR_GET_TIMERSLACK
  [31, () => 0], // PR_TASK_PERF_EVENTS_DISABLE: there are none
  [32, () => 0], // PR_TASK_PERF_EVENTS_ENABLE
  [33, setMemoryErrorPolicy], // PR_MCE_KILL
  [
    34, // PR_MCE_KILL_GET
    ({ memoryErrorPolicy }, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg, arg3, arg4, arg5);
      return memoryErrorPolicy;
    },
  ],
  [35, setMemoryLayout], // PR_SET_MM
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
    (task, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg3, arg4, arg5);
      if (arg !== 1) throw EINVAL;
      task.hasNoNewPrivileges = true;
      return 0;
    },
  ],
  [
    39, // PR_GET_NO_NEW_PRIVS
    ({ hasNoNewPrivileges }, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg, arg3, arg4, arg5);
      return Number(hasNoNewPrivileges);
    },
  ],
  [
    40, // PR_GET_TID_ADDRESS
    (task, { arg }) => {
      task.memory.storeNumber(arg, task.clearTidAddr);
      return 0;
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
  [
    47, // PR_CAP_AMBIENT
    (task, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg4, arg5);
      return changeAmbient(task, arg, arg3);
    },
  ],
  [
    57, // PR_SET_IO_FLUSHER: nothing here allocates memory to write back
    (task, { arg, arg3, arg4, arg5 }) => {
      requireCapability(task.credentials, CAP_SYS_RESOURCE);
      requireZeros(arg3, arg4, arg5);
      task.isIoFlusher = flag(arg);
      return 0;
    },
  ],
  [
    58, // PR_GET_IO_FLUSHER
    ({ credentials, isIoFlusher }, { arg, arg3, arg4, arg5 }) => {
      requireCapability(credentials, CAP_SYS_RESOURCE);
      requireZeros(arg, arg3, arg4, arg5);
      return Number(isIoFlusher);
    },
  ],
  [
    52, // PR_GET_SPECULATION_CTRL
    (_task, { arg, arg3, arg4, arg5 }) => {
      requireZeros(arg3, arg4, arg5);
      if (arg >= SPECULATIONS) throw ENODEV;
      return 0; // PR_SPEC_NOT_AFFECTED
    },
  ],
  [
    53, // PR_SET_SPECULATION_CTRL
    (_task, { arg, arg4, arg5 }) => {
      requireZeros(arg4, arg5);
      throw arg >= SPECULATIONS ? ENODEV : ENXIO;
    },
  ],
]);

/** What the thread is to hear of memory that fails, which none does. */
function setMemoryErrorPolicy(task: GuestTask, { arg, arg3, arg4, arg5 }: Arguments): Result {
  const [CLEAR, SET] = [0, 1];
  requireZeros(arg4, arg5);
  if (arg === CLEAR) requireZeros(arg3);
  else if (arg !== SET || arg3 > MCE_KILL_DEFAULT) throw EINVAL;
  task.memoryErrorPolicy = arg === CLEAR ? MCE_KILL_DEFAULT : arg3;
  return 0;
}

/** PR_SET_MM: what may be asked of it is checked; where a program lies is the loader's to say. */
function setMemoryLayout({ credentials }: GuestTask, { arg, arg4, arg5 }: Arguments): Result {
  const [AUXV, MAP, MAP_SIZE] = [12, 14, 15];
  requireZeros(arg5);
  if (arg !== AUXV && arg !== MAP && arg !== MAP_SIZE) requireZeros(arg4);
  requireCapability(credentials, CAP_SYS_RESOURCE);
  throw EINVAL;
}

const PR_SET_VMA = 0x5356_4d41;

function prctl(thread: Thread, { option, ...args }: Arguments & { readonly option: number }): Result {
  const { arg, arg3, arg4, arg5 } = args;
  if (option === PR_SET_VMA) return setMappingName(asGuest(thread), arg, arg3, arg4, arg5);
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
    support: partial('no PR_SET_MM, PR_SET_TSC, PR_SET_SYSCALL_USER_DISPATCH, PR_SET_MDWE, PR_SET_PTRACER and PR_SCHED_CORE: they are EINVAL'), run: prctl }),
];
