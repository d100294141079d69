/** One program of a machine through REST, from the wish to its end. */
import type { ProgramModel } from '../../src/ui/guest-rest.ts';
import type { Outcome } from './column.ts';

/** The part of GuestRest that is used; in the page window.machine stands for it. */
export interface Programs {
  start(command: string, isNewProgram: boolean): Promise<readonly number[]>;
  program(tid: number): Promise<ProgramModel>;
  output(tid: number): Promise<string>;
}

const PAUSE_MS = 10; // asking takes the machine's own time; when the program ended the machine knows itself

/** The machine tells whole milliseconds, rounded down. */
const HALF_A_UNIT = 0.5;

/** @throws Error when the program fails */
export async function runInGuest(programs: Programs, command: string): Promise<Omit<Outcome, 'cpuMs'>> {
  const startMs = performance.timeOrigin + performance.now();
  const [tid = 0] = await programs.start(command, false);
  for (;;) {
    const program = await programs.program(tid);
    if (program.state !== 'running') {
      const wallMs = (program.endedMs ?? NaN) + HALF_A_UNIT - startMs;
      const output = await programs.output(tid);
      if (program.exitCode !== 0) throw new Error(`${command}: ${program.state} ${program.exitCode}\n${output}`);
      return { output, wallMs };
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
