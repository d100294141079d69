/** What ends when the boot line has run (facts 2.1, "End of run"). */
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../emulator/util/bytes.ts';
import { EINTR } from '../abi/errno.ts';
import { managementMachine } from '../testing/management-machine.ts';
import { runBootLine } from './boot-line.ts';
import type { NativeProgram } from './native-program.ts';

function program(path: string, main: NativeProgram['main']): NativeProgram {
  return { path, name: path.slice(1), main };
}

function run(commandLine: string): { readonly console: string; readonly isOff: boolean | undefined } {
  let isOff: boolean | undefined;
  const boot = program('/boot', function* (sys) {
    const parts = {
      machine: vm.machine,
      programs: vm.programs,
      commandLinePath: '/none',
      commandLine,
      onStrace: () => {},
      onCpu: () => {},
      onCommandLine: () => {},
    };
    isOff = yield* runBootLine(parts, sys);
    return 0;
  });
  const vm = managementMachine(() => [
    boot,
    program('/short', function* (sys) {
      yield* sys.sleepUntil(sys.nowNs() + 1e6);
      yield* sys.write(1, bytesOf('short ends\n'));
      return 0;
    }),
    // Ends when it is asked to, with a word.
    program('/polite', function* (sys) {
      try {
        yield* sys.sleepUntil(1e18);
      } catch (error) {
        if (error !== EINTR) throw error;
        yield* sys.write(1, bytesOf('polite was asked\n'));
      }
      return 0;
    }),
    program('/deaf', function* (sys) {
      for (;;) {
        try {
          yield* sys.sleepUntil(1e18);
        } catch (error) {
          if (error !== EINTR) throw error;
        }
      }
    }),
  ]);
  vm.programs.start(['/boot'], { isNewProgram: false });
  for (let turns = 0; turns < 100; turns++) {
    vm.run();
    vm.ports.clock.nowNs += 50_000_000;
  }
  return { console: vm.ports.console.text.replaceAll('\r', ''), isOff };
}

describe('the end of the boot line', () => {
  it('tst-app: what runs detached is asked to end once all others have', () => {
    expect(run('--noinit /polite &! /short & /short')).toEqual({
      console: 'short ends\nshort ends\npolite was asked\n',
      isOff: true,
    });
  });

  it('what does not end when asked goes down with the machine', () => {
    expect(run('--noinit /deaf &! /short')).toEqual({ console: 'short ends\n', isOff: true });
  });

  it('--noshutdown asks nobody', () => {
    expect(run('--noinit --noshutdown /polite &! /short')).toEqual({ console: 'short ends\n', isOff: false });
  });

  it('a program that is not there ends the machine with a sentence', () => {
    const { console, isOff } = run('--noinit /none');
    expect(console).toContain('Failed to load object: /none. Powering off.');
    expect(isOff).toBe(true);
  });
});
