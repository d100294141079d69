/** Runs tools of the build machine. */
import { spawnSync } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
}

/** @returns its stdout. @throws Error with the tool's own words when it fails or is not installed. */
export function runCommand(tool: string, args: readonly string[], options: CommandOptions = {}): Buffer {
  // Debian keeps mke2fs, debugfs and ldconfig in sbin, which is not on every user's path.
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const result = spawnSync(tool, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? {} : { input: options.input }),
    env: { ...process.env, LC_ALL: 'C.UTF-8', PATH: path, ...options.env },
    maxBuffer: 1 << 30,
  });
  if (result.error) throw new Error(`${tool} cannot be run: ${result.error.message}`, { cause: result.error });
  if (result.status !== 0) {
    const words = `${result.stdout.toString()}${result.stderr.toString()}`.trim().slice(-4000);
    throw new Error(`${tool} ${args.join(' ')}\n${words}\n(exit code ${result.status ?? result.signal})`);
  }
  return result.stdout;
}
