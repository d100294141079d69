import { describe, expect, test } from 'vitest';
import { bytesOf, byteStringFrom } from '../../emulator/util/bytes.ts';
import { EINTR } from '../abi/errno.ts';
import type { NativeProgram } from '../program/native-program.ts';
import { httpServer } from '../rest/server.ts';
import { managementMachine, type ManagementMachine } from '../testing/management-machine.ts';
import { cli } from './cli.ts';

/** Prints its arguments, then each line it reads, until the end or ^C. */
const parrot: NativeProgram = {
  path: '/bin/parrot',
  name: 'parrot',
  *main(sys, argv) {
    yield* sys.write(1, bytesOf(`${argv.join('|')}\n`));
    try {
      for (;;) {
        const line = yield* sys.read(0, 100);
        if (line.length === 0 || byteStringFrom(line) === 'bye\n') return 0;
        yield* sys.write(1, bytesOf(`said ${byteStringFrom(line)}`));
      }
    } catch (error) {
      if (error !== EINTR) throw error;
      yield* sys.write(1, bytesOf(`signals ${sys.takeSignals().join()}\n`));
      return 130;
    }
  },
};

const quick: NativeProgram = {
  path: '/a.so',
  name: 'a',
  *main(sys, argv) {
    yield* sys.write(1, bytesOf(`${argv.join('|')}\n`));
    return argv.length - 1;
  },
};

/** Writes its arguments, one a second. */
const late: NativeProgram = {
  path: '/bin/late',
  name: 'late',
  *main(sys, argv) {
    for (const text of argv.slice(1)) {
      yield* sys.sleepUntil(sys.nowNs() + 1e9);
      yield* sys.write(1, bytesOf(text.replaceAll('/', '\n')));
    }
    return 0;
  },
};

interface Terminal extends ManagementMachine {
  /** What the terminal shows from its last line on, after this was typed. */
  type(text: string): string;
}

/** Applies what the line editor sends to one screen line after another: CR, erase below, cursor right and left. */
function drawn(text: string): string {
  const rows: string[][] = [[]];
  let row = 0;
  let column = 0;
  for (let i = 0; i < text.length; i++) {
    const rest = text.slice(i);
    // oxlint-disable-next-line no-control-regex
    const csi = /^\x1b\[(\d*)([A-Z])/.exec(rest);
    if (csi !== null) {
      const count = Number(csi[1] === '' ? 1 : csi[1]);
      if (csi[2] === 'J') {
        rows.length = row + 1;
        rows[row].length = Math.min(rows[row].length, column);
      } else if (csi[2] === 'C') column += count;
      else if (csi[2] === 'A') row = Math.max(0, row - count);
      else if (csi[2] === 'B') row += count;
      i += csi[0].length - 1;
    } else if (text[i] === '\r') column = 0;
    else if (text[i] === '\n') {
      row++;
      rows[row] ??= [];
    } else if (text[i] === '\b') column--;
    else if (text[i] !== '\x07') rows[row][column++] = text[i];
  }
  return rows
    .map((each) =>
      Array.from(each, (char) => char ?? ' ')
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

function booted(): Terminal {
  const machine = managementMachine((management) => [httpServer(management), cli, parrot, quick, late]);
  machine.putFile('/etc/hosts', '127.0.0.1 localhost\n');
  machine.putFile('/etc/motd', 'no line end');
  machine.putFile('/bin/parrot', '');
  machine.putFile('/bin/late', '');
  machine.putFile('/a.so', '');
  machine.programs.start(['/libhttpserver.so'], { isNewProgram: false });
  machine.run();
  machine.ports.console.text = '';
  machine.programs.start(['/cli/cli.so'], { isNewProgram: false });
  machine.run();
  return {
    ...machine,
    type(text) {
      const { console } = machine.ports;
      console.text = console.text.slice(console.text.lastIndexOf('\n') + 1);
      machine.ports.console.type(text);
      machine.run();
      return drawn(machine.ports.console.text);
    },
  };
}

describe('the CLI', () => {
  test('lets the server that starts after it speak first', () => {
    const machine = managementMachine((management) => [httpServer(management), cli]);
    machine.putFile('/libhttpserver.so', '');
    machine.putFile('/cli/cli.so', '');
    machine.programs.start(['/cli/cli.so'], { isNewProgram: false });
    machine.run();
    expect(machine.ports.console.text).toBe('');
    machine.programs.start(['/libhttpserver.so'], { isNewProgram: false });
    machine.ports.clock.nowNs += 10_000_000;
    machine.run();
    expect(drawn(machine.ports.console.text)).toBe('Rest API server running on port 8000\n/#');
  });

  test('what others write goes above the line that is being typed', () => {
    const terminal = booted();
    const shown = (): string => drawn(terminal.ports.console.text);
    const second = (): void => {
      terminal.ports.clock.nowNs += 1e9;
      terminal.run();
    };
    terminal.type('run /bin/late one/two/ part ial/ end &\r');
    terminal.ports.console.text = drawn(terminal.ports.console.text).split('\n').at(-1) ?? '';
    terminal.ports.console.type('echo abc\u001b[D');
    second();
    expect(shown()).toBe('one\ntwo\n/# echo abc');
    second();
    expect(shown()).toBe('one\ntwo\npart');
    second();
    expect(shown()).toBe('one\ntwo\npartial\n/# echo abc');
    second();
    expect(shown()).toBe('one\ntwo\npartial\nend');
    terminal.ports.console.type('X');
    terminal.run();
    expect(shown()).toBe('one\ntwo\npartial\nend\n/# echo abXc');
    terminal.machine.tty.say(bytesOf('kernel\r\n'));
    expect(shown()).toBe('one\ntwo\npartial\nend\nkernel\n/# echo abXc');
    terminal.ports.console.type('\r');
    terminal.run();
    expect(shown()).toBe('one\ntwo\npartial\nend\nkernel\n/# echo abXc\nabXc\n/#');
  });

  test('strace leaves recording as it found it', () => {
    const terminal = booted();
    const state = (): unknown => terminal.fetch('GET', '/trace/syscalls/status').json;
    expect(terminal.type('strace -c openat /a.so x\r')).toContain('/a.so|x');
    expect(state()).toMatchObject({ enabled: false });
    terminal.fetch('POST', '/trace/syscalls?enabled=true&names=read,!write&errors=true&program=7&thread=8&size=99');
    const before = state();
    expect(before).toMatchObject({ enabled: true, names: ['read', '!write'], size: 99 });
    terminal.type('strace /a.so\r');
    expect(state()).toEqual(before);
  });

  test('shows a prompt and runs commands', () => {
    const terminal = booted();
    expect(drawn(terminal.ports.console.text)).toBe('/#');
    const golden: [string, string][] = [
      ['echo hello  "a  b"\r', '/# echo hello  "a  b"\nhello a  b\n/#'],
      ['echo -n x\r', '/# echo -n x\nx\n/#'],
      ['  \r', '/#\n/#'],
      ['nonsense\r', '/# nonsense\nnonsense: command not found\n/#'],
      ['parrot x\r', '/# parrot x\nparrot: command not found; to start the program: run /bin/parrot\n/#'],
      ['./a.so\r', '/# ./a.so\n./a.so: command not found; to start the program: run /a.so\n/#'],
      ['/etc\r', '/# /etc\n/etc: command not found\n/#'],
      ["echo 'open\r", "/# echo 'open\nA quote (') is not closed\n/#"],
      ['ls /etc\r', '/# ls /etc\nhosts  motd\n/#'],
      ['ls\r', '/# ls\na.so  bin/  etc/\n/#'],
      ['ls -l /etc/hosts\r', '/# ls -l /etc/hosts\n-rw-r--r--  1  osv  osv  20  Nov 14 22:13  /etc/hosts\n/#'],
      ['ls -z\r', '/# ls -z\nls: unknown option -z\n/#'],
      ['ls /none\r', '/# ls /none\nls: /none: No such file or directory\n/#'],
      ['cat /etc/motd /etc/hosts\r', '/# cat /etc/motd /etc/hosts\nno line end\n127.0.0.1 localhost\n/#'],
      ['cat none\r', '/# cat none\ncat: none: File not found\n/#'],
      ['cd etc\r', '/# cd etc\n/etc#'],
      ['cat motd\r', '/etc# cat motd\nno line end\n/etc#'],
      ['mkdir d d/e\r', '/etc# mkdir d d/e\n/etc#'],
      ['mkdir x/y\r', '/etc# mkdir x/y\nmkdir: /etc/x: No such file or directory\n/etc#'],
      ['mkdir -p x/y\r', '/etc# mkdir -p x/y\n/etc#'],
      ['mkdir d\r', '/etc# mkdir d\nmkdir: d: File exists\n/etc#'],
      ['ls -R d\r', '/etc# ls -R d\nd:\ne/\n\nd/e:\n/etc#'],
      ['rm d\r', '/etc# rm d\nrm: d: Cannot remove it (a directory that is not empty?)\n/etc#'],
      ['rm motd nope\r', '/etc# rm motd nope\nrm: nope: No such file or directory\n/etc#'],
      ['cd ../bin\r', '/etc# cd ../bin\n/bin#'],
      ['cd parrot\r', '/bin# cd parrot\ncd: /bin/parrot: Not a directory\n/bin#'],
      ['cd ..\r', '/bin# cd ..\n/#'],
      ['env A="x y"\r', '/# env A="x y"\n/#'],
      ['env A\r', '/# env A\nx y\n/#'],
      ['env\r', '/# env\nA=x y\n/#'],
      ['env A=\r', '/# env A=\n/#'],
      ['env A\r', '/# env A\nNo environment variable A\n/#'],
      ['hello\r', '/# hello\nHello, OSv!\n/#'],
    ];
    for (const [typed, shown] of golden) {
      expect(terminal.type(typed)).toBe(shown);
    }
  });

  test('help and --help tell about commands', () => {
    const terminal = booted();
    expect(terminal.type('help\r')).toContain('\n  uptime    Tells the time');
    expect(terminal.type('help rm\r')).toContain('Usage: rm FILE...\n\nRemoves files');
    expect(terminal.type('rm --help\r')).toContain('Usage: rm FILE...\n\nRemoves files');
    expect(terminal.type('cd\r')).toContain('Usage: cd PATH');
  });

  test('date, uptime, free and dmesg ask the machine', () => {
    const terminal = booted();
    expect(terminal.type('date\r')).toMatch(/\nTue Nov 14 22:13:\d\d UTC 2023\n/);
    expect(terminal.type('uptime\r')).toMatch(/\n22:13:\d\d up 0:00:\d\d\n/);
    expect(terminal.type('free\r')).toMatch(
      /\n {12}total +used +free\nMem: +2147483648 +0 +2147483648\n|total\s+used\s+free\nMem:\s+2147483648/,
    );
    expect(terminal.type('df\r')).toMatch(
      /\nFilesystem +Total +Used +Use% +Mounted on\n\/dev\/vblk0.1 +16384 +\d+ +0\.\d\d% +\/\n/,
    );
    terminal.machine.log.info('it is said');
    expect(terminal.type('dmesg\r')).toContain('it is said');
  });

  test('run gives the terminal to one program of unquoted words, until it ends', () => {
    const terminal = booted();
    expect(terminal.type('run parrot "a b" c\r')).toBe('/# run parrot "a b" c\n/bin/parrot|a b|c\n');
    expect(terminal.type('polly\r')).toBe('polly\nsaid polly\n');
    expect(terminal.type('bye\r')).toBe('bye\n/#');
    expect(terminal.type('echo back\r')).toBe('/# echo back\nback\n/#');
  });

  test('^C interrupts the program that owns the terminal, not the shell', () => {
    const terminal = booted();
    terminal.type('run /bin/parrot\r');
    const tid = terminal.programs.list().at(-1)!.tid;
    expect(terminal.type('\x03')).toBe(`^Csignals 2\n[${tid} ended with exit code 130]\n/#`);
  });

  test('run in the background: a trailing &, or quoted commands', () => {
    const terminal = booted();
    expect(terminal.type('run /bin/parrot x &\r')).toBe('/# run /bin/parrot x &\n/bin/parrot|x\n/#');
    expect(terminal.type('echo mine\r')).toContain('\nmine\n/#');
    const before = terminal.programs.list().length;
    terminal.type('run "/a.so x" "/a.so y z"\r');
    expect(
      terminal.programs
        .list()
        .slice(before)
        .map(({ argv }) => argv),
    ).toEqual([
      ['/a.so', 'x'],
      ['/a.so', 'y', 'z'],
    ]);
    expect(terminal.type('run /none\r')).toBe('/# run /none\nFailed to load object: /none\n/#');
    expect(terminal.type('run --newprogram ./a.so "p;q" 1&\r')).toContain('/a.so|p;q|1');
    expect(terminal.type('run\r')).toBe('/# run\nrun: what? (help run)\n/#');
  });

  test('exit says Goodbye and a new shell starts; ^D and reset restart it', () => {
    const terminal = booted();
    terminal.type('cd etc\r');
    expect(terminal.type('exit\r')).toBe('/etc# exit\nGoodbye\n/#');
    terminal.type('cd etc\r');
    expect(terminal.type('\x04')).toBe('/etc#\nRestarting shell\n/#');
    terminal.type('cd etc\r');
    expect(terminal.type('reset\r')).toBe('/etc# reset\nRestarting shell\n/#');
    expect(terminal.programs.list().filter(({ command }) => command === '/cli/cli.so')[0].state.kind).toBe('running');
  });

  test('poweroff and reboot reach the machine', () => {
    const terminal = booted();
    terminal.type('poweroff\r');
    terminal.type('reboot\r');
    expect(terminal.shutDowns).toEqual(['poweroff', 'reboot']);
  });

  test('edits lines with emacs keys, history and search', () => {
    const terminal = booted();
    const rows: [string, string][] = [
      ['ello\x01echo h\r', 'hello'],
      ['echo one two\x17three\r', 'one three'],
      ['echo abc\x02\x02X\r', 'aXbc'],
      ['echo abc\x1b[D\x1b[DY\x05!\r', 'aYbc!'],
      ['\x10\x7f?\r', 'aYbc?'],
      ['\x10\x10\r', 'aYbc!'],
      ['\x12one t\r', 'one three'],
      ['garbage\x15echo \x0bok\r', 'ok'],
      ['echo a b\x1bb\x1bb\x0b\x19\x19\r', 'a ba b'],
      ['echo ab\x14\r', 'ba'],
      ['echo \xc3\xa4\xe2\x82\xac\x7f!\r', '\xc3\xa4!'],
      ['echo lost\x03echo kept\r', 'kept'],
    ];
    for (const [typed, shown] of rows) expect([typed, terminal.type(typed).split('\n').at(-2)]).toEqual([typed, shown]);
  });

  test('wraps lines longer than the terminal', () => {
    const terminal = booted();
    const long = 'x'.repeat(100);
    expect(terminal.type(`echo ${long}`).replaceAll('\n', '')).toBe(`/# echo ${long}`);
    expect(terminal.type('\x01\x04\x04\x04\x04\x04echo \x05y\r').split('\n').at(-2)).toBe(`${long}y`);
  });

  test('completes commands and paths', () => {
    const terminal = booted();
    expect(terminal.type('upt\t\r')).toContain('/# uptime\n22:13');
    expect(terminal.type('cat /et\tho\t\r')).toBe('/# cat /etc/hosts\n127.0.0.1 localhost\n/#');
    const listing = terminal.type('cat /etc/\t\t');
    expect(listing).toContain('hosts  motd\n/# cat /etc/');
    expect(terminal.type('m\t\r')).toContain('no line end');
    expect(terminal.type('zzz\t\x15\r')).toContain('/#');
  });

  test('a pasted block of lines runs line by line', () => {
    expect(booted().type('echo 1\recho 2\recho 3\r')).toBe('/# echo 1\n1\n/# echo 2\n2\n/# echo 3\n3\n/#');
  });

  test('api makes any call', () => {
    const terminal = booted();
    expect(terminal.type('api\r')).toContain('\nAPIs: app env file fs hardware network os trace api\n');
    expect(terminal.type('api os name\r')).toBe('/# api os name\nOSv\n/#');
    expect(terminal.type('api -m POST os hostname name=bird\r')).toBe('/# api -m POST os hostname name=bird\n/#');
    expect(terminal.type('api os hostname\r')).toContain('\nbird\n');
    expect(terminal.type('api -r os hostname\r')).toContain('\n"bird"\n');
    expect(terminal.type('api os\r')).toMatch(/\nos name +\[GET\] +Name of the operating system\n/);
    expect(terminal.type('api -h os hostname\r')).toContain('\nGET os hostname\n');
    expect(terminal.type('api -m POST os hostname\r')).toContain('\napi: parameter name is missing\n');
    expect(terminal.type('api os name x=1\r')).toContain('\napi: unknown parameter x\n');
    expect(terminal.type('api network route\r')).toMatch(
      /\ndestination +gateway +flags +netif +ipv6\n127.0.0.1 +link#1/,
    );
  });

  test('top looks at the threads and ends by count, q or ^C', () => {
    const terminal = booted();
    expect(terminal.type('top -l 1\r')).toMatch(/\d+ threads on 1 CPUs; idle 0%\n +ID +CPU +%CPU +TIME +NAME\n/);
    expect(terminal.type('top -p 1\r')).toContain('threads on');
    terminal.ports.console.text = '';
    terminal.ports.clock.nowNs += 2e9;
    terminal.run();
    expect(terminal.ports.console.text).toMatch(/idle \d+%/);
    expect(terminal.type('\x03').split('\n').at(-1)).toBe('/#');
    terminal.type('top -s -i\r');
    expect(terminal.type('q\r').split('\n').at(-1)).toBe('/#');
    expect(terminal.type('top -p 0\r')).toContain('top: -p needs a number above 0');
  });

  test('says so when the server is away, and finds it again', () => {
    const terminal = booted();
    const server = terminal.programs.list().find(({ command }) => command === '/libhttpserver.so')!.tid;
    terminal.type('date\r');
    terminal.programs.signal(server, 9);
    terminal.run();
    expect(terminal.type('date\r')).toContain('\nNo API server answers on port 8000');
    terminal.programs.start(['/libhttpserver.so'], { isNewProgram: false });
    terminal.run();
    expect(terminal.type('date\r')).toContain('\nTue Nov 14');
  });

  test('runs one command of its arguments and ends with its outcome', () => {
    const terminal = booted();
    const outcome = (...words: string[]): unknown => {
      const tid = terminal.programs.start(['/cli/cli.so', ...words], { isNewProgram: false });
      terminal.run();
      return terminal.programs.find(tid)?.state;
    };
    expect(outcome('echo', 'a b')).toEqual({ kind: 'exited', code: 0 });
    expect(terminal.ports.console.text).toContain('a b');
    expect(outcome('cat', '/none')).toEqual({ kind: 'exited', code: 1 });
    expect(outcome('--help')).toEqual({ kind: 'exited', code: 0 });
  });
});
