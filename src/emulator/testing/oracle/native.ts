/** Runs cases on the host CPU: builds harness.c with the machine's gcc and feeds it through a pipe, thousands at a time. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { decodeEndings, encodeCases, type Case, type Ending } from './case.ts';

// From the repository, where tests and scripts run: the fuzzer is a bundle elsewhere.
const SOURCE_DIR = path.resolve('src/emulator/testing/oracle');
const BUILD_DIR = path.resolve('.cache/oracle');

/** Why this host cannot be the oracle, or '' when it can. */
export function whyNoOracle(): string {
  if (process.arch !== 'x64' || process.platform !== 'linux') {
    return `the differential oracle needs Linux on x86-64, this is ${process.platform} on ${process.arch}`;
  }
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return '';
  } catch {
    return 'the differential oracle needs gcc (Debian: apt install gcc libc6-dev)';
  }
}

/** The program of a C source beside this file, compiled once per content. @returns its path. */
function buildNative(sourceName: string, ...flags: readonly string[]): string {
  const source = path.join(SOURCE_DIR, sourceName);
  const hash = createHash('sha256').update(readFileSync(source)).update(flags.join(' ')).digest('hex').slice(0, 16);
  const program = path.join(BUILD_DIR, `${path.parse(sourceName).name}-${hash}`);
  if (!existsSync(program)) {
    mkdirSync(BUILD_DIR, { recursive: true });
    const fresh = `${program}.${process.pid}`; // renamed when whole: test files build it side by side
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', fresh, source, ...flags]);
    renameSync(fresh, program);
  }
  return program;
}

/** Feeds `input` to a program built by buildNative. @returns its output. @throws Error when it fails. */
function runNativeProgram(program: string, input: Uint8Array): Uint8Array {
  const { status, signal, stdout, stderr } = spawnSync(program, { input, maxBuffer: 2 ** 30 });
  if (status !== 0)
    throw new Error(`${path.basename(program)}: status ${status}, signal ${signal}: ${stderr.toString()}`);
  return new Uint8Array(stdout.buffer, stdout.byteOffset, stdout.length); // Buffer.slice would share bytes
}

/** Runs every case on the host. Cost: about 10 µs a case. @throws Error when the harness fails or loses a case. */
export function runOnHost(cases: readonly Case[]): Ending[] {
  const endings = decodeEndings(runNativeProgram(buildNative('harness.c'), encodeCases(cases)));
  if (endings.length !== cases.length) throw new Error(`harness: ${cases.length} cases, ${endings.length} endings`);
  return endings;
}
