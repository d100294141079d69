/** Threads of the kernel itself (mounting, write-back, shutting down): generators without files, in no list of programs. */
import { EOPNOTSUPP } from '../abi/errno.ts';
import { rootCredentials } from '../vfs/credentials.ts';
import { FileTable } from '../vfs/file-table.ts';
import { blocked } from './blocked.ts';
import type { NativeCalls, NativeSockets, Wait } from './native-program.ts';
import { NativeTask } from './native-task.ts';
import { rootContext } from './program-table.ts';
import type { RunningMachine } from './running-machine.ts';
import { INIT_PID, RunningProgram } from './running-program.ts';
import { SignalActions } from './signals.ts';

export type NativeBody = (sys: NativeCalls) => Wait<number | void>;

const refuse = (): never => {
  throw EOPNOTSUPP;
};
const NO_SOCKETS: NativeSockets = { connectTcp: refuse, listenTcp: refuse, acceptTcp: refuse };

export function startKernelThread(machine: RunningMachine, name: string, body: NativeBody): RunningProgram {
  return startHidden(machine, { pid: machine.allocateId(), name, body, isKernel: true });
}

/**
 * Process 1, as programs expect it: it is there, in /proc too, no signal ends it, and it is the parent of whom nobody else
 * is (running-program.ts: #giveAway). The kernel reaps its children, so it has nothing to do.
 */
export function startInit(machine: RunningMachine): void {
  startHidden(machine, {
    pid: INIT_PID,
    name: 'init',
    *body() {
      for (;;) yield blocked([]);
    },
    isKernel: false,
  });
}

interface HiddenParts {
  readonly pid: number;
  readonly name: string;
  readonly body: NativeBody;
  readonly isKernel: boolean;
}

function startHidden(machine: RunningMachine, { pid, name, body, isKernel }: HiddenParts): RunningProgram {
  const program = new RunningProgram(machine, {
    pid,
    parentPid: 0,
    path: name,
    argv: [name],
    namespace: undefined,
    files: new FileTable(),
    fs: rootContext(machine),
    credentials: rootCredentials(),
    actions: new SignalActions(),
    isHidden: true,
    isKernel,
  });
  machine.registerProgram(program);
  new NativeTask(machine, program, { id: program.pid, name, sockets: NO_SOCKETS, body }).start();
  return program;
}
