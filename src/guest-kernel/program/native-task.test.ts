import { describe, expect, it } from 'vitest';
import { bytesOf, byteStringFrom } from '../../emulator/util/bytes.ts';
import { EINTR } from '../abi/errno.ts';
import { SIGINT, SIGTERM } from '../abi/signal.ts';
import { ConsoleTty } from '../devices/tty.ts';
import { type FakePorts, fakePorts } from '../testing/fake-ports.ts';
import { DmesgLog } from '../trace/log.ts';
import type { Vfs } from '../vfs/vfs.ts';
import type { NativeCalls, NativeProgram, NativeSockets, Wait } from './native-program.ts';
import { NativePrograms } from './native-registry.ts';
import { ProgramTable } from './program-table.ts';
import { LaunchError } from './programs.ts';
import { RunningMachine } from './running-machine.ts';

interface Rig {
  readonly ports: FakePorts;
  readonly machine: RunningMachine;
  readonly programs: ProgramTable;
  readonly start: (main: NativeProgram['main']) => number;
  readonly run: (forNs?: number) => void;
}

function rig(): Rig {
  const ports = fakePorts();
  const mains = new Map<string, NativeProgram>();
  const log = new DmesgLog(ports.clock, (bytes) => ports.console.write(bytes));
  const machine = new RunningMachine({
    ports,
    vfs: { root: undefined } as unknown as Vfs,
    log,
    tty: new ConsoleTty(ports.console),
    memoryBytes: 1,
  });
  class TestPrograms extends NativePrograms {
    override find(path: string): NativeProgram | undefined {
      return mains.get(path);
    }
  }
  const programs = new ProgramTable(machine, new TestPrograms([], {} as NativeSockets), {
    start: (argv) => {
      throw new LaunchError(`Failed to load object: ${argv[0]}`);
    },
  });
  return {
    ports,
    machine,
    programs,
    start(main) {
      const path = `/native-${mains.size}`;
      mains.set(path, { path, name: 'native', main });
      return programs.start([path], { isNewProgram: false });
    },
    run(forNs = 10_000_000) {
      machine.scheduler.run(ports.clock.nowNs + forNs);
    },
  };
}

function* deaf(sys: NativeCalls): Wait<number> {
  for (;;) {
    try {
      yield* sys.sleepUntil(1e15);
    } catch {
      // goes back to sleep without asking what came
    }
  }
}

const reader = (into: string[]): NativeProgram['main'] =>
  function* main(sys) {
    into.push(byteStringFrom(yield* sys.read(0, 100)));
    return 0;
  };

describe('native programs', () => {
  it('read lines of the console and write to it, and keep their output', () => {
    const { ports, programs, start, run } = rig();
    const tid = start(function* main(sys: NativeCalls): Wait<number> {
      const line = yield* sys.read(0, 100);
      yield* sys.write(1, bytesOf(`got ${byteStringFrom(line)}`));
      return 7;
    });
    run();
    expect(programs.find(tid)?.state.kind).toBe('running');
    ports.console.type('hix\x7f\r');
    run();
    expect(ports.console.text).toBe('hix\b \b\r\ngot hi\r\n');
    expect(programs.find(tid)?.state).toEqual({ kind: 'exited', code: 7 });
    expect(byteStringFrom(programs.output(tid)?.bytes ?? new Uint8Array())).toBe('got hi\n');
  });

  it('sleep until the clock says so', () => {
    const { ports, machine, programs, start, run } = rig();
    const tid = start(function* main(sys: NativeCalls): Wait<number> {
      yield* sys.sleepUntil(5e9);
      return 0;
    });
    run();
    expect(machine.scheduler.timers.nextNs).toBe(5e9);
    ports.clock.nowNs = 5e9;
    run();
    expect(programs.find(tid)?.state.kind).toBe('exited');
  });

  it('^C reaches the foreground program as EINTR, and does not kill it', () => {
    const { ports, programs, start, run } = rig();
    const seen: unknown[] = [];
    const tid = start(function* main(sys: NativeCalls): Wait<number> {
      sys.setForeground(undefined);
      try {
        yield* sys.read(0, 1);
      } catch (error) {
        seen.push(error, ...sys.takeSignals());
      }
      yield* sys.read(0, 1);
      return 0;
    });
    run();
    ports.console.type('\x03');
    run();
    expect(seen).toEqual([EINTR, SIGINT]);
    expect(programs.find(tid)?.state.kind).toBe('running');
  });

  it('SIGTERM ends one that does not take it; SIGKILL ends any', () => {
    const { programs, start, run } = rig();
    const first = start(deaf);
    const second = start(deaf);
    run();
    programs.signal(first, SIGTERM);
    programs.signal(second, 9);
    run();
    expect(programs.find(first)?.state).toEqual({ kind: 'killed', signal: SIGTERM });
    expect(programs.find(second)?.state).toEqual({ kind: 'killed', signal: 9 });
  });

  it('threads of a program end with it', () => {
    const { machine, programs, start, run } = rig();
    let other = 0;
    const tid = start(function* main(sys: NativeCalls): Wait<number> {
      other = sys.spawn('other', function* (inner) {
        yield* inner.sleepUntil(1e15);
      });
      yield* sys.sleepUntil(sys.nowNs() + 1000);
      return 0;
    });
    run();
    run();
    expect(programs.find(tid)?.state.kind).toBe('exited');
    expect(machine.task(other)).toBeUndefined();
  });

  it('a background program waits for the terminal until it is in the foreground', () => {
    const { ports, programs, start, run } = rig();
    const a: string[] = [];
    const b: string[] = [];
    const first = start(reader(a));
    const second = start(reader(b));
    start(function* main(sys) {
      sys.setForeground(second);
      yield* sys.waitProgram(second);
      return 0;
    });
    run();
    ports.console.type('one\r');
    run();
    expect([a, b]).toEqual([[], ['one\n']]);
    ports.console.type('two\r');
    run();
    expect(a).toEqual(['two\n']);
    expect(programs.find(first)?.state.kind).toBe('exited');
  });

  it('one whose calls never block shares the machine with the others', () => {
    const { ports, programs, start, run } = rig();
    const hog = start(function* main(sys: NativeCalls): Wait<number> {
      for (;;) yield* sys.sleepUntil(0);
    });
    const other = start(function* main(sys: NativeCalls): Wait<number> {
      yield* sys.write(1, bytesOf('mine'));
      return 0;
    });
    run();
    expect(ports.console.text).toBe('mine');
    expect([programs.find(hog)?.state.kind, programs.find(other)?.state.kind]).toEqual(['running', 'exited']);
  });

  it('an unknown path is the launcher of guests to judge', () => {
    const { programs } = rig();
    expect(() => programs.start(['/nothing'], { isNewProgram: false })).toThrow('Failed to load object: /nothing');
  });
});
