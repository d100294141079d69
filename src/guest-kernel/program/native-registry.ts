/** The native programs of the machine by the path that stands for them in the image. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { NativeProgram, NativeSockets } from './native-program.ts';
import { NativeTask } from './native-task.ts';
import type { RunningMachine } from './running-machine.ts';
import type { RunningProgram } from './running-program.ts';

export class NativePrograms {
  readonly #byPath: Map<ByteString, NativeProgram>;
  readonly #sockets: NativeSockets;

  constructor(programs: readonly NativeProgram[], sockets: NativeSockets) {
    this.#byPath = new Map(programs.map((each) => [each.path, each]));
    this.#sockets = sockets;
  }

  add(native: NativeProgram): void {
    this.#byPath.set(native.path, native);
  }

  find(path: ByteString): NativeProgram | undefined {
    return this.#byPath.get(path);
  }

  /** Starts the main thread, whose id is the program's. */
  start(native: NativeProgram, machine: RunningMachine, program: RunningProgram): void {
    const main = new NativeTask(machine, program, {
      id: program.pid,
      name: native.name,
      sockets: this.#sockets,
      body: (sys) => native.main(sys, program.argv),
    });
    main.start();
  }
}
