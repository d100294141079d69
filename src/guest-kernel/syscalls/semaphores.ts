/** semget(2), semop(2), semtimedop(2), semctl(2). */
import { E2BIG, EAGAIN, EFBIG, EIDRM, EINTR, EINVAL, ENOSPC, ERANGE } from '../abi/errno.ts';
import * as abi from '../abi/ipc.ts';
import { requireAccess } from '../ipc/ipc-table.ts';
import { SemaphoreSet, type SemaphoreOperation } from '../ipc/semaphores.ts';
import { blocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import type { Call } from '../vfs/open-file.ts';
import { changePermissions, controlIpc, nowSeconds, storePermissions, systemV } from './ipc-objects.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';
import { loadTimespecNs } from './timespec.ts';

const READ = 0o444;
const WRITE = 0o222;

function semget(thread: Thread, { key, count, flags }: { key: number; count: number; flags: number }): Result {
  if (count < 0 || count > abi.SEMMSL) throw EINVAL;
  const wish = { key, flags, credentials: thread.credentials, nowSeconds: nowSeconds(thread) };
  const { semaphores } = systemV(thread);
  const make = (object: ConstructorParameters<typeof SemaphoreSet>[0]): SemaphoreSet => {
    if (semaphores.weight + count > abi.SEMMNS) throw ENOSPC;
    return new SemaphoreSet(object, count);
  };
  if (count === 0 && semaphores.withKey(key) === undefined) {
    if (key === abi.IPC_PRIVATE || (flags & abi.IPC_CREAT) !== 0) throw EINVAL;
  }
  return semaphores.get(wish, make, (found) => {
    if (count > found.semaphores.length) throw EINVAL;
  }).id;
}

interface OperationArgs {
  readonly id: number;
  readonly operations: number;
  readonly count: number;
  readonly timeout: number;
}

/** What a waiting call knows: the set, and when to give up. */
interface Waiting {
  readonly set: SemaphoreSet;
  readonly deadlineNs: number | undefined;
}

function semtimedop(thread: Thread, args: OperationArgs, call: Call): Result {
  const operations = loadOperations(thread, args);
  const { semaphores } = systemV(thread);
  const before = call.progress as Waiting | undefined;
  if (before !== undefined && !semaphores.has(before.set)) throw EIDRM;
  const timeoutNs = args.timeout === 0 ? undefined : loadTimespecNs(thread.memory, args.timeout);
  const set = before?.set ?? semaphores.find(args.id);
  if (operations.some(({ number }) => number >= set.semaphores.length)) throw EFBIG;
  requireAccess(set, thread.credentials, operations.some(({ change }) => change !== 0) ? WRITE : READ);
  const obstacle = set.operate(operations, thread.program.pid, nowSeconds(thread));
  if (obstacle === undefined) return 0;
  if (obstacle.mustNotWait) throw EAGAIN;
  const deadlineNs = before === undefined ? timeoutNs && call.nowNs + timeoutNs : before.deadlineNs;
  if (deadlineNs !== undefined && call.nowNs >= deadlineNs) throw EAGAIN;
  if (call.isInterrupted) throw EINTR;
  const progress: Waiting = { set, deadlineNs };
  return blocked([obstacle.queue, set.removed], { progress, ...(deadlineNs === undefined ? {} : { deadlineNs }) });
}

function loadOperations({ memory }: Thread, { operations, count }: OperationArgs): readonly SemaphoreOperation[] {
  if (count < 1) throw EINVAL;
  if (count > abi.SEMOPM) throw E2BIG;
  const bytes = memory.readable(operations, count * abi.SEMBUF.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => {
    const at = i * abi.SEMBUF.size;
    return {
      number: view.getUint16(at, true),
      change: view.getInt16(at + abi.SEMBUF.sem_op, true),
      flags: view.getUint16(at + abi.SEMBUF.sem_flg, true),
    };
  });
}

interface ControlArgs {
  readonly id: number;
  readonly number: number;
  readonly command: number;
  /** union semun: an address, or for SETVAL a number. */
  readonly argument: bigint;
}

function semctl(thread: Thread, args: ControlArgs): Result {
  const { semaphores } = systemV(thread);
  const buffer = Number(args.argument);
  return controlIpc(
    thread,
    {
      table: semaphores,
      commands: { info: abi.SEM_INFO, stat: abi.SEM_STAT, statAny: abi.SEM_STAT_ANY },
      sizeBytes: abi.SEMID_DS.size,
      store: (addr, set) => storeSet(thread, addr, set),
      storeInfo: (isUsage, addr) => storeInfo(thread, isUsage, addr),
      change: (addr, set) => changePermissions(thread, addr, set),
      remove(set) {
        semaphores.remove(set);
        set.wakeAll();
      },
      other: (find) => valueCommand(thread, find, { ...args, buffer }),
    },
    { ...args, buffer },
  );
}

function valueCommand(
  thread: Thread,
  find: () => SemaphoreSet,
  { number, command, argument, buffer }: ControlArgs & { readonly buffer: number },
): Result {
  const { memory, credentials, program } = thread;
  const isChange = command === abi.SETVAL || command === abi.SETALL;
  if (![abi.GETPID, abi.GETVAL, abi.GETALL, abi.GETNCNT, abi.GETZCNT].includes(command) && !isChange) throw EINVAL;
  const value = Number(BigInt.asIntN(32, argument));
  if (command === abi.SETVAL && (value < 0 || value > abi.SEMVMX)) throw ERANGE;
  const set = find();
  if (command === abi.GETALL || command === abi.SETALL) {
    requireAccess(set, credentials, isChange ? WRITE : READ);
    const bytes = set.semaphores.length * 2;
    const view = viewOf(isChange ? memory.readable(buffer, bytes) : memory.writable(buffer, bytes));
    if (isChange) {
      set.assign(
        0,
        set.semaphores.map((_, i) => view.getUint16(i * 2, true)),
        program.pid,
      );
      set.changedSeconds = nowSeconds(thread);
    } else set.semaphores.forEach((each, i) => view.setUint16(i * 2, each.value, true));
    return 0;
  }
  const semaphore = number < 0 ? undefined : set.semaphores[number];
  if (semaphore === undefined) throw EINVAL;
  requireAccess(set, credentials, isChange ? WRITE : READ);
  switch (command) {
    case abi.GETPID:
      return semaphore.lastPid;
    case abi.GETVAL:
      return semaphore.value;
    case abi.GETNCNT:
      return semaphore.growing.size;
    case abi.GETZCNT:
      return semaphore.emptying.size;
    default:
      set.assign(number, [value], program.pid);
      set.changedSeconds = nowSeconds(thread);
      return 0;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function storeSet({ memory }: Thread, addr: number, set: SemaphoreSet): void {
  storePermissions(memory, addr, set, abi.SEMID_DS.size);
  memory.storeNumber(addr + abi.SEMID_DS.sem_otime, set.usedSeconds);
  memory.storeNumber(addr + abi.SEMID_DS.sem_ctime, set.changedSeconds);
  memory.storeNumber(addr + abi.SEMID_DS.sem_nsems, set.semaphores.length);
}

// struct seminfo: map, mni, mns, mnu, msl, opm, ume, usz, vmx, aem.
function storeInfo(thread: Thread, isUsage: boolean, addr: number): void {
  const { semaphores } = systemV(thread);
  const all = abi.SEMMNS;
  // oxfmt-ignore
  const fields = [
    all, abi.SEMMNI, all, all, abi.SEMMSL, abi.SEMOPM, abi.SEMOPM, isUsage ? semaphores.all.length : 20, abi.SEMVMX,
    isUsage ? semaphores.weight : abi.SEMVMX,
  ];
  thread.memory.writable(addr, fields.length * 4);
  fields.forEach((field, i) => thread.memory.storeU32(addr + i * 4, field));
}

// oxfmt-ignore
export const semaphoreCalls: readonly Syscall[] = [
  syscall({ nr: 64, name: 'semget', args: { key: 'int', count: 'int', flags: 'flags' }, support: 'full', run: semget }),
  syscall({ nr: 65, name: 'semop', args: { id: 'int', operations: 'ptr', count: 'uint' }, support: 'full',
    run: (thread, args, call) => semtimedop(thread, { ...args, timeout: 0 }, call) }),
  syscall({ nr: 66, name: 'semctl', args: { id: 'int', number: 'int', command: 'int', argument: 'u64' }, support: 'full', run: semctl }),
  syscall({ nr: 220, name: 'semtimedop', args: { id: 'int', operations: 'ptr', count: 'uint', timeout: 'ptr' }, support: 'full',
    run: semtimedop }),
];
