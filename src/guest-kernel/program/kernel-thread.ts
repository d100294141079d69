/** Threads of the kernel itself (mounting, write-back, shutting down): generators without files, in no list of programs. */
import { EOPNOTSUPP } from '../abi/errno.ts';
import { rootCredentials } from '../vfs/credentials.ts';
import { FileTable } from '../vfs/file-table.ts';
import type { NativeCalls, NativeSockets, Wait } from './native-program.ts';
import { NativeTask } from './native-task.ts';
import { rootContext } from './program-table.ts';
import type { RunningMachine } from './running-machine.ts';
import { RunningProgram } from './running-program.ts';
import { SignalActions } from './signals.ts';

export type NativeBody = (sys: NativeCalls) => Wait<number | void>;

const refuse = (): never => {
  throw EOPNOTSUPP;
};
const NO_SOCKETS: NativeSockets = { connectTcp: refuse, listenTcp: refuse, acceptTcp: refuse };

export function startKernelThread(machine: RunningMachine, name: string, body: NativeBody): RunningProgram {
  const program = new RunningProgram(machine, {
    pid: machine.allocateId(),
    parentPid: 0,
    path: name,
    argv: [name],
    namespace: undefined,
    files: new FileTable(),
    fs: rootContext(machine),
    credentials: rootCredentials(),
    actions: new SignalActions(),
    isHidden: true,
    isKernel: true,
  });
  machine.registerProgram(program);
  new NativeTask(machine, program, { id: program.pid, name, sockets: NO_SOCKETS, body }).start();
  return program;
}
