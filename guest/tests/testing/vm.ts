/** Running programs in the VM, through the command that users have, and on this machine. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../images/build/toolchain.ts';

const CACHE = '.cache/images';
const BINARIES = '.cache/tests';
const OSV = 'scripts/osv.mjs';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Builds bundle and image where stale, so that no test's own time pays for it. */
export async function prepareVm(): Promise<void> {
  const { code, stderr } = await osv(['run', '-e', '/bin/busybox true']);
  if (code !== 0) throw new Error(`osv run does not work:\n${stderr}`);
}

/** Compiles guest/tests/SOURCE when it is newer than its binary. @returns the binary's path */
export function build(source: string, flags: readonly string[] = [], name = source.replace(/\.\w+$/, '')): string {
  const binary = join(BINARIES, name);
  const from = join('guest/tests', source);
  if (!existsSync(binary) || statSync(binary).mtimeMs < statSync(from).mtimeMs) {
    mkdirSync(BINARIES, { recursive: true });
    compile(CACHE, binary, [from], ['-O2', ...flags]);
  }
  return binary;
}

const AN_HOUR_MS = 3_600_000;

/** Removes what native runs that were cut short have left; a run beside this one goes on with its own. */
export function removeLeftovers(parents: readonly string[], name: RegExp): void {
  for (const path of parents.flatMap((parent) => readdirSync(parent).map((entry) => join(parent, entry)))) {
    if (!name.test(path)) continue;
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (changedMs < Date.now() - AN_HOUR_MS) rmSync(path, { recursive: true, force: true });
  }
}

/** `npm run osv -- ARGS`. */
export function osv(args: readonly string[], input: string | undefined = ''): Promise<Outcome> {
  return execute('node', [OSV, ...args], input);
}

export function execute(command: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, TEST_VARIABLE: 'set', LANG: 'C.UTF-8' } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ stdout, stderr, code }));
    child.stdin.on('error', () => {}); // a program that does not read
    child.stdin.end(input);
  });
}
