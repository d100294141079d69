/** Programs at a terminal show in the machine what they show natively, key by key. Part of `npm run proof`. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { prepareVm } from '../../tests/testing/vm.ts';
import { nativeCommand, prepareNative } from '../native.ts';
import { selectSessions } from './sessions.ts';
import type { Session, Step } from './step.ts';
import { TerminalSession } from './terminal.ts';

const SCRIPTS = 'guest/proof/programs';
const sessions = selectSessions(process.env['PROOF']);

vi.setConfig({ testTimeout: 900_000 });

beforeAll(async () => {
  if (sessions.length === 0) return;
  const images = [...new Set(sessions.map((session) => session.image))];
  const { status, stderr } = spawnSync('node', ['scripts/image.mjs', ...images]);
  if (status !== 0) throw new Error(stderr.toString());
  for (const image of images) prepareNative(image, SCRIPTS);
  await prepareVm();
}, 1_200_000);

/** Nobody's cursor blinks: a screen that has stood still this long is what the program wanted to show. */
const QUIET_MS = 400;
const NATIVE_TIMEOUT_MS = 10_000;
const MACHINE_TIMEOUT_MS = 120_000;

function perform(terminal: TerminalSession, { size, keys }: Step): void {
  if (size !== undefined) terminal.resize(...size);
  terminal.type(keys);
}

async function nativeScreens({ image, command, steps }: Session): Promise<readonly string[]> {
  const terminal = new TerminalSession(nativeCommand(image, command, { TERM: 'xterm-256color', HOME: '/tmp' }));
  try {
    const screens: string[] = [];
    for (const each of steps) {
      perform(terminal, each);
      const screen = await terminal.waitFor((seen) => each.until.test(seen), QUIET_MS, NATIVE_TIMEOUT_MS);
      if (!each.until.test(screen)) throw new Error(`natively, after ${JSON.stringify(each.keys)}:\n${screen}`);
      screens.push(screen);
    }
    return screens;
  } finally {
    terminal.close();
  }
}

function machineCommand({ image, command }: Session): readonly string[] {
  const options = ['--image', image, '--mount', `${SCRIPTS}:/mnt`, '--env', 'HOME=/tmp'];
  return ['node', 'scripts/osv.mjs', 'run', ...options, '--execute', command.map((word) => `'${word}'`).join(' ')];
}

const shows = (each: Step, native: string | undefined, screen: string): boolean =>
  each.isOwn === true ? each.until.test(screen) : screen === native;

describe.runIf(sessions.length > 0)('a program at a terminal shows what it shows natively', () => {
  it.for(sessions)('$name', async (session) => {
    const native = await nativeScreens(session);
    const terminal = new TerminalSession(machineCommand(session));
    try {
      for (const [i, each] of session.steps.entries()) {
        perform(terminal, each);
        const isGood = (seen: string): boolean => shows(each, native[i], seen);
        const screen = await terminal.waitFor(
          isGood,
          each.isOwn === true || each.size !== undefined ? QUIET_MS : 0,
          MACHINE_TIMEOUT_MS,
        );
        expect(isGood(screen) ? native[i] : screen, `after ${JSON.stringify(each.keys)}`).toBe(native[i]);
      }
    } finally {
      terminal.close();
    }
  });
});
