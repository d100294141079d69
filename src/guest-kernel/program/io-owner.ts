/**
 * Who hears of what happens to an open file (fcntl(2), "Managing signals"): an owner, and the signal it gets. O_ASYNC,
 * leases and F_NOTIFY tell it through here.
 */
import { F_OWNER_PGRP, F_OWNER_PID, F_OWNER_TID } from '../abi/fcntl.ts';
import { IO_BANDS, SIGIO, SIGRTMIN, SIGURG, SI_KERNEL } from '../abi/signal.ts';
import type { Credentials } from '../vfs/credentials.ts';
import type { OpenFile } from '../vfs/open-file.ts';
import type { KernelTask } from './kernel-task.ts';
import type { RunningMachine } from './running-machine.ts';
import type { RunningProgram } from './running-program.ts';
import type { SignalInfo } from './signals.ts';

export interface IoOwner {
  /** F_OWNER_*; undefined: nobody. */
  type: number;
  id: number;
  /** Of the one who named the owner: who may not send it a signal, nor may the file. */
  uid: number;
  euid: number;
  /** F_SETSIG; 0: SIGIO without details. */
  signal: number;
}

const owners = new WeakMap<OpenFile, IoOwner>();

export function ioOwnerOf(file: OpenFile): IoOwner {
  let owner = owners.get(file);
  if (owner === undefined) owners.set(file, (owner = { type: F_OWNER_PID, id: 0, uid: 0, euid: 0, signal: 0 }));
  return owner;
}

export function setIoOwner(file: OpenFile, type: number, id: number, { uid, euid }: Credentials): void {
  Object.assign(ioOwnerOf(file), { type, id, uid, euid });
}

/** Without an owner so far (Linux __f_setown without force). */
export function ownUnlessOwned(file: OpenFile, type: number, id: number, credentials: Credentials): void {
  if (ioOwnerOf(file).id === 0) setIoOwner(file, type, id, credentials);
}

/** Programs that a group or process owner stands for; none: it is gone. */
export function ownedPrograms(machine: RunningMachine, { type, id }: IoOwner): readonly RunningProgram[] {
  const isMeant = ({ pid, processGroup }: RunningProgram): boolean =>
    type === F_OWNER_PGRP ? processGroup === id : pid === id;
  return machine.programs().filter((program) => program.isRunning && isMeant(program));
}

/** Tells the owner, whatever F_SETSIG says, that urgent bytes have come (Linux fs/fcntl.c: send_sigurg). */
export function signalUrgent(machine: RunningMachine, file: OpenFile): void {
  toOwner(machine, file, (target) => target.postSignal({ signal: SIGURG, code: SI_KERNEL }));
}

/** Tells the owner. `code`: POLL_*; `fd`: the descriptor that was named when it was asked for. */
export function signalOwner(machine: RunningMachine, file: OpenFile, fd: number, code: keyof typeof IO_BANDS): void {
  const { signal } = ioOwnerOf(file);
  toOwner(machine, file, (target, program) => {
    const isLost = signal >= SIGRTMIN && program.isSignalQueueFull;
    if (signal === 0 || isLost) target.postSignal({ signal: SIGIO, code: SI_KERNEL });
    else target.postSignal(info(signal, fd, code));
  });
}

type Target = Pick<KernelTask | RunningProgram, 'postSignal'>;

function toOwner(
  machine: RunningMachine,
  file: OpenFile,
  post: (target: Target, program: RunningProgram) => void,
): void {
  const owner = ioOwnerOf(file);
  if (owner.id === 0) return;
  const send = (target: Target, program: RunningProgram): void => {
    if (maySignal(owner, program.credentials)) post(target, program);
  };
  if (owner.type === F_OWNER_TID) {
    const task = machine.task(owner.id);
    if (task !== undefined) send(task, task.program);
  } else for (const program of ownedPrograms(machine, owner)) send(program, program);
}

function info(signal: number, fd: number, code: keyof typeof IO_BANDS): SignalInfo {
  return { signal, code, io: { fd, band: IO_BANDS[code] } };
}

// Linux fs/fcntl.c: sigio_perm.
function maySignal({ uid, euid }: IoOwner, target: Credentials): boolean {
  const savedUid = target.savedUid ?? target.euid;
  return euid === 0 || [uid, euid].some((id) => id === target.uid || id === savedUid);
}
