/** Programs on this host's processor, and under qemu-x86_64, which translates them natively. */
import { spawnSync } from 'node:child_process';
import type { Job, Outcome, Session } from './column.ts';

export function hostSession(prefix: readonly string[]): Session {
  return {
    run: (job) => Promise.resolve(runHere([...prefix, ...job.host], job)),
    close: () => Promise.resolve(),
  };
}

/** @throws Error when it ends with a failure */
function runHere(command: readonly string[], job: Job): Outcome {
  // bash counts the CPU time of what it waits for, in ms; nothing else here tells it.
  const script = `TIMEFORMAT='%3U %3S'; time "$@" 2>/dev/null`;
  const startMs = performance.now();
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', ...command], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const wallMs = performance.now() - startMs;
  if (status !== 0) throw new Error(`${job.name}: '${command.join(' ')}' ended with ${status}\n${stderr}`);
  const [user = NaN, system = NaN] = stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return { output: stdout, cpuMs: (user + system) * 1_000, wallMs };
}
