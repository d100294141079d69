/** Programs on this host's processor, and under qemu-x86_64, which translates them natively. */
import { spawnSync } from 'node:child_process';
import type { Job, Outcome, Session } from './column.ts';
import { compiled } from './jobs.ts';

export function hostSession(prefix: readonly string[]): Session {
  return {
    run: (job) => Promise.resolve(runHere([...prefix, ...job.host], job)),
    close: () => Promise.resolve(),
  };
}

/** @throws Error when it ends with a failure */
function runHere(command: readonly string[], job: Job): Outcome {
  const { stdout, stderr, status } = spawnSync(compiled('measure', ['-O2']), command, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${job.name}: '${command.join(' ')}' ended with ${status}\n${stderr}`);
  // What the program itself says there comes first.
  const [cpuUs = NaN, wallUs = NaN] = stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return { output: stdout, cpuMs: cpuUs / 1_000, wallMs: wallUs / 1_000 };
}
