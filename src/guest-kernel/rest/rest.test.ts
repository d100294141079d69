import { describe, expect, test } from 'vitest';
import { bytesOf } from '../../emulator/util/bytes.ts';
import type { NativeProgram } from '../program/native-program.ts';
import { managementMachine, type Answer, type ManagementMachine } from '../testing/management-machine.ts';
import { httpServer } from './server.ts';

/** Prints its arguments and ends with their number. */
const echo: NativeProgram = {
  path: '/echo.so',
  name: 'echo',
  *main(sys, argv) {
    yield* sys.write(1, bytesOf(`${argv.join('|')}\n`));
    return argv.length;
  },
};

const sleeper: NativeProgram = {
  path: '/sleep.so',
  name: 'sleep',
  *main(sys) {
    yield* sys.sleepUntil(1e18);
    return 0;
  },
};

function booted(...options: string[]): ManagementMachine {
  const machine = managementMachine((management) => [httpServer(management), echo, sleeper]);
  machine.putFile('/etc/hosts', '127.0.0.1 localhost osv.local\n', 0o664);
  machine.programs.start(['/libhttpserver.so', ...options], { isNewProgram: false });
  machine.run();
  return machine;
}

const show = (answer: Answer): unknown =>
  answer.json === undefined ? [answer.status, answer.body] : [answer.status, answer.json];

/** method, target, status and JSON (or text) of the answer. */
type Row = readonly [method: string, target: string, status: number, answer: unknown];

function rows(machine: ManagementMachine, list: readonly Row[]): void {
  for (const [method, target, status, answer] of list) {
    expect([`${method} ${target}`, ...(show(machine.fetch(method, target)) as unknown[])]).toEqual([
      `${method} ${target}`,
      status,
      answer,
    ]);
  }
}

const batch = (machine: ManagementMachine, text: string): Answer =>
  machine.fetch('POST', '/api/batch', {
    headers: [['Content-Type', 'multipart/form-data; boundary=xyz']],
    body: `--xyz\r\nContent-Disposition: form-data; name="batch"\r\n\r\n${text}\r\n--xyz--\r\n`,
  });

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const error = (message: string, code: number): unknown => ({ message, code });

describe('/os (testos.py)', () => {
  test('answers version, vendor, uptime, date, memory, name', () => {
    const machine = booted();
    expect(machine.fetch('GET', '/os/version').json).toMatch(/^v0\.\d+(-rc\d+)?(-\d+-[0-9a-z]+)?/);
    machine.ports.clock.nowNs = 65e9;
    rows(machine, [
      ['GET', '/os/name', 200, 'OSv'],
      ['GET', '/os/vendor', 200, 'Cloudius Systems'],
      ['GET', '/os/uptime', 200, 65],
      ['GET', '/os/memory/total', 200, 2 ** 31],
      ['GET', '/os/memory/balloon', 200, 0],
      ['POST', '/os/hostname?name=bird', 200, ''],
      ['GET', '/os/hostname', 200, 'bird'],
      ['GET', '/os/hostname/', 200, 'bird'],
      ['POST', '/os/hostname', 400, error("Missing mandatory parameter 'name'", 400)],
      ['POST', '/os/hostname?name=', 400, error("Missing mandatory parameter 'name'", 400)],
    ]);
    expect(machine.fetch('GET', '/os/date').json).toBe('Tue Nov 14 22:14:25 UTC 2023');
    expect(machine.fetch('GET', '/os/memory/free').json).toBeGreaterThan(256 << 20);
  });

  test('lists threads, an idle one whose time advances among them', () => {
    const machine = booted();
    const idle = (): number => {
      const { list } = machine.fetch('GET', '/os/threads').json as { list: { name: string; cpu_ms: number }[] };
      return list.find(({ name }) => name.startsWith('idle'))!.cpu_ms;
    };
    const before = idle();
    machine.ports.clock.nowNs += 5e9;
    machine.run();
    expect(idle()).toBeGreaterThan(before);
    expect(machine.fetch('GET', '/os/threads').json).toMatchObject({
      list: expect.arrayContaining([expect.objectContaining({ name: 'httpserver', status: 'waiting', cpu: 0 })]),
      time_ms: expect.any(Number),
    });
  });

  test('keeps the command line on the disk and refuses one too long', () => {
    const machine = booted();
    rows(machine, [
      ['GET', '/os/cmdline', 200, '/cli/cli.so'],
      ['POST', '/os/cmdline?cmdline=/echo.so+a%26', 200, '/echo.so a&'],
      ['GET', '/os/cmdline', 200, '/echo.so a&'],
      ['POST', `/os/cmdline?cmdline=${'a'.repeat(1024)}`, 400, error('command line too long', 400)],
    ]);
    expect(machine.readFile('/etc/osv-cmdline')).toBe('/echo.so a&\n');
  });

  test('powers off and reboots', () => {
    const machine = booted();
    for (const call of ['poweroff', 'shutdown', 'reboot']) machine.fetch('POST', `/os/${call}`);
    expect(machine.shutDowns).toEqual(['poweroff', 'poweroff', 'reboot']);
  });
});

describe('/env (testenv.py)', () => {
  test('sets, gets, lists and deletes; 400 after the deletion', () => {
    const machine = booted();
    rows(machine, [
      ['POST', '/env/foo?val=a%20b', 200, ''],
      ['GET', '/env/foo', 200, 'a b'],
      ['GET', '/env/', 200, ['foo=a b']],
      ['DELETE', '/env/foo', 200, ''],
      ['DELETE', '/env/foo', 200, ''],
      ['GET', '/env/foo', 400, error('No environment variable foo', 400)],
      ['POST', '/env/foo', 400, error("Missing mandatory parameter 'val'", 400)],
      ['POST', '/env/a%3Db?val=x', 400, error('invalid environment variable a=b', 400)],
    ]);
    const form: [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
    machine.fetch('POST', '/env/form', { headers: [form], body: 'val=from+form' });
    expect(machine.fetch('GET', '/env/form').json).toBe('from form');
  });
});

describe('/app', () => {
  test('starts programs and tells their states, output and ends', () => {
    const machine = booted();
    const tid = machine.fetch('PUT', '/app/?command=/echo.so%20a%20%22b%20c%22').json as string;
    expect(tid).toMatch(/^\d+$/);
    machine.run();
    expect(machine.fetch('GET', `/app/finished?tid=${tid}`).json).toBe('1');
    expect(machine.fetch('GET', `/app/${tid}`).json).toMatchObject({
      tid: Number(tid),
      command: '/echo.so a b c',
      argv: ['/echo.so', 'a', 'b c'],
      state: 'exited',
      exit_code: 3,
      native: true,
    });
    expect(machine.fetch('GET', `/app/${tid}/output`).json).toEqual({ text: '/echo.so|a|b c\n', dropped_bytes: 0 });
    expect((machine.fetch('GET', '/app/').json as unknown[]).length).toBe(2);
  });

  test('starts several, signals them, and keeps what started before a failure', () => {
    const machine = booted();
    const tids = (machine.fetch('PUT', '/app?command=/sleep.so%26/sleep.so%26!').json as string).split(' ');
    expect(tids).toHaveLength(2);
    rows(machine, [
      ['GET', `/app/finished?tid=${tids[0]}`, 200, '0'],
      ['POST', `/app/${tids[0]}/signal?signal=TERM`, 200, ''],
      ['POST', `/app/${tids[1]}/signal?signal=9`, 200, ''],
    ]);
    machine.run();
    rows(machine, [
      ['GET', `/app/finished?tid=${tids[1]}`, 200, '1'],
      ['POST', `/app/${tids[1]}/signal?signal=9`, 404, error(`Program ${tids[1]} has ended`, 404)],
    ]);
    expect(machine.fetch('GET', `/app/${tids[1]}`).json).toMatchObject({
      state: 'killed',
      signal: 9,
      signal_name: 'SIGKILL',
    });
    const before = (machine.fetch('GET', '/app').json as unknown[]).length;
    expect(machine.fetch('PUT', '/app?command=/sleep.so%26/none.so').status).toBe(500);
    expect((machine.fetch('GET', '/app').json as unknown[]).length).toBe(before + 1);
  });

  test('refuses what OSv refuses, in its words (facts 1.3)', () => {
    const machine = booted();
    rows(machine, [
      ['PUT', '/app', 400, error("Missing mandatory parameter 'command'", 400)],
      ['PUT', '/app?command=', 400, error("Missing mandatory parameter 'command'", 400)],
      ['PUT', '/app?command=%20;', 200, ''],
      ['PUT', '/app?command=%22a', 400, error('Bad formatted command', 400)],
      ['PUT', '/app?command=/echo.so;', 400, error('The use of ; is not allowed, use & for multiple commands', 400)],
      ['PUT', '/app?command=runscript%20/none', 400, error('Bad formatted command', 400)],
      ['PUT', '/app?command=/none.so', 500, error('Failed to load object: /none.so', 500)],
      ['PUT', '/app?command=/echo.so&new_program=maybe', 400, error('Invalid value maybe use true/false or 0/1', 400)],
      ['GET', '/app/finished', 400, error("Missing mandatory parameter 'tid'", 400)],
      ['GET', '/app/finished?tid=99999', 200, '1'],
      ['GET', '/app/99999', 404, error('No program with thread 99999', 404)],
      ['POST', '/app/1/signal?signal=NONE', 400, error('Unknown signal NONE', 400)],
    ]);
    expect(machine.ports.console.text).toContain("Failed to open runscript file '/none'.");
  });

  test('runs a runscript with its environment', () => {
    const machine = booted();
    machine.putFile('/run/all', '--env=WHO=me /echo.so one\n/echo.so two &\n');
    const tids = (machine.fetch('PUT', '/app?command=runscript%20/run/all').json as string).split(' ');
    expect(tids).toHaveLength(2);
    expect(machine.fetch('GET', '/env/WHO').json).toBe('me');
  });
});

describe('/file (testfile.py)', () => {
  test('lists, globs and states', () => {
    const machine = booted();
    machine.putFile('/etc/fstab', 'x');
    machine.putFile('/etx/hosted', 'y');
    const names = (target: string): unknown =>
      (machine.fetch('GET', target).json as { pathSuffix: string }[]).map((each) => each.pathSuffix);
    expect(names('/file/etc?op=LISTSTATUS')).toEqual(['.', '..', 'hosts', 'fstab']);
    expect(names('/file/et%3F/hos*?op=LISTSTATUS')).toEqual(['hosts', 'hosted']);
    expect(names('/file/%2Fetc%2Fhosts?op=LISTSTATUS')).toEqual(['hosts']);
    expect(machine.fetch('GET', '/file/etc/hosts?op=GETFILESTATUS').json).toEqual({
      accessTime: 1_700_000_000,
      blockSize: 4096,
      group: 'osv',
      length: 30,
      modificationTime: 1_700_000_000,
      owner: 'osv',
      pathSuffix: 'hosts',
      permission: '664',
      replication: 1,
      type: 'FILE',
    });
    rows(machine, [
      ['GET', '/file/none?op=GETFILESTATUS', 404, error("Not found: '/none'", 404)],
      ['GET', '/file/none?op=LISTSTATUS', 404, error("Not found: '/none'", 404)],
      ['GET', '/file/none?op=GET', 404, error('Page not found', 404)],
      ['GET', '/file/etc?op=GET', 400, error("'/etc' is a directory", 400)],
      ['GET', '/file/etc', 400, error("Missing mandatory parameter 'op'", 400)],
      ['GET', '/file/etc?op=EAT', 400, error('Invalid value EAT for op, use GET, LISTSTATUS, GETFILESTATUS', 400)],
      ['GET', '/file/n*ne?op=LISTSTATUS', 200, []],
    ]);
  });

  test('copies, renames, deletes', () => {
    const machine = booted();
    rows(machine, [
      ['PUT', '/file/etc/hosts?op=COPY&destination=/etc/copy', 200, ''],
      ['GET', '/file/etc/copy?op=GET', 200, '127.0.0.1 localhost osv.local\n'],
      ['PUT', '/file/etc/copy?op=RENAME&destination=/moved', 200, ''],
      ['GET', '/file/etc/copy?op=GET', 404, error('Page not found', 404)],
      ['PUT', '/file/etc/copy?op=RENAME&destination=/x', 404, error("Not found: '/etc/copy'", 404)],
      ['PUT', '/file/moved?op=COPY', 400, error('Missing mandatory parameter(s): destination', 400)],
      ['PUT', '/file/moved?op=COPY&destination=/moved', 400, error("'/moved' and its copy are the same file", 400)],
      ['DELETE', '/file/moved?op=DELETE', 200, ''],
      ['DELETE', '/file/moved?op=DELETE', 404, error("Not found: '/moved'", 404)],
      ['DELETE', '/file/etc?op=DELETE', 400, error("Failed deleting '/etc': Directory not empty", 400)],
      ['DELETE', '/file/etc?op=DELETE&recursive=true', 200, ''],
      ['GET', '/file/?op=LISTSTATUS', 200, expect.any(Array)],
    ]);
  });

  test('makes directories and writes', () => {
    const machine = booted();
    rows(machine, [
      ['PUT', '/file/a/b/c?op=MKDIRS&permission=0700', 200, ''],
      ['PUT', '/file/a/b/c?op=MKDIRS', 200, ''],
      ['PUT', '/file/a/f?op=WRITE&content=one%0A', 200, ''],
      ['PUT', '/file/a/f?op=WRITE&content=two', 200, ''],
      ['GET', '/file/a/f?op=GET', 200, 'one\ntwo'],
      ['PUT', '/file/a/f?op=WRITE&overwrite=1&content=%C3%A9', 200, ''],
      ['GET', '/file/a/f?op=GET', 200, '\xc3\xa9'],
      ['PUT', '/file/a/f?op=MKDIRS', 400, error("Failed to create directory '/a/f': File exists", 400)],
      ['PUT', '/file/a/f?op=WRITE&permission=9', 400, error("Bad permission '9', use an octal number", 400)],
    ]);
    expect(machine.fetch('GET', '/file/a/b/c?op=GETFILESTATUS').json).toMatchObject({
      type: 'DIRECTORY',
      permission: '700',
    });
  });

  test('uploads and downloads 128k lines', async () => {
    const machine = booted();
    const text = Array.from({ length: 128 * 1024 }, (_, i) => `line ${i}\n`).join('');
    const form = new FormData();
    form.set('file', new Blob([text]), 'big.txt');
    const encoded = new Response(form);
    const body = Buffer.from(await encoded.arrayBuffer()).toString('latin1');
    const type: [string, string] = ['Content-Type', encoded.headers.get('content-type')!];
    expect(machine.fetch('POST', '/file/tmp/big.txt', { headers: [type], body }).status).toBe(404);
    machine.fetch('PUT', '/file/tmp?op=MKDIRS');
    const answer = machine.fetch('POST', '/file/tmp/big.txt', { headers: [type, ['Expect', '100-continue']], body });
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(machine.fetch('GET', '/file/tmp/big.txt?op=GET').body).toBe(text);
    expect((machine.fetch('GET', '/file/tmp?op=LISTSTATUS').json as unknown[]).length).toBe(3);
    expect(machine.fetch('POST', '/file/tmp/plain', { body: 'as it is' }).status).toBe(200);
    expect(machine.readFile('/tmp/plain')).toBe('as it is');
    const cut = machine.fetch('POST', '/file/tmp/cut', { headers: [type], body: body.slice(0, 1000) });
    expect([cut.status, machine.fetch('GET', '/file/tmp/cut?op=GET').status]).toEqual([400, 404]);
  });

  test('sends a file without a known size in chunks', () => {
    const machine = booted();
    machine.putFile('/empty', '');
    const answer = machine.fetch('GET', '/file/empty?op=GET');
    expect([answer.status, answer.body, answer.headers.get('transfer-encoding')]).toEqual([200, '', 'chunked']);
  });
});

describe('/fs, /hardware, /network', () => {
  test('tell space, processor and interfaces (testfs.py, testnetwork.py)', () => {
    const machine = booted();
    const df = machine.fetch('GET', '/fs/df/').json as { filesystem: string; mount: string }[];
    expect(df).toMatchObject([{ filesystem: '/dev/vblk0.1', mount: '/' }]);
    expect(machine.fetch('GET', '/fs/df/%2F').json).toEqual(df);
    rows(machine, [
      ['GET', '/fs/df/none', 404, error('mount does not exist', 404)],
      ['GET', '/hardware/processor/count', 200, 1],
      ['GET', '/hardware/processor/flags', 200, 'fpu sse sse2'],
      ['GET', '/hardware/hypervisor', 200, 'browser'],
      ['GET', '/hardware/firmware/vendor', 200, 'none'],
      ['GET', '/network/ifconfig/eth7', 404, error('Interface eth7 not found', 404)],
      [
        'GET',
        '/network/route',
        200,
        [{ destination: '127.0.0.1', gateway: 'link#1', flags: 'UH', netif: 'lo0', ipv6: false }],
      ],
    ]);
    expect(machine.fetch('GET', '/network/ifconfig/lo0').json).toMatchObject({
      config: { name: 'lo0', addr: '127.0.0.1' },
    });
  });
});

describe('/api (testbatch.py)', () => {
  test('runs calls one after the other, each with its own code', () => {
    const machine = booted();
    const calls = [
      { method: 'POST', relative_url: '/env/b?val=1' },
      { method: 'GET', relative_url: 'env/b' },
      { method: 'GET', relative_url: '/none' },
      { method: 'GET', relative_url: '/file/etc/hosts?op=GET' },
    ];
    const expected = [
      { code: 200, body: '' },
      { code: 200, body: '1' },
      { code: 404, body: error('Not found', 404) },
      { code: 200, body: '127.0.0.1 localhost osv.local\n' },
    ];
    expect(batch(machine, JSON.stringify(calls)).json).toEqual(expected);
    expect(batch(machine, JSON.stringify(calls).replaceAll('"', "'")).json).toEqual(expected);
  });

  test.each(['', '{}', '[{"method": "GET"}]', '[1]', 'null', '[{'])('refuses the batch %s', (text) => {
    expect(batch(booted(), text).status).toBe(400);
  });

  test('refuses multipart garbage', () => {
    const headers: [string, string][] = [['Content-Type', 'multipart/form-data; boundary=xyz']];
    for (const body of [
      '',
      'garbage',
      '--xyz\r\n\r\n',
      '--xyz\r\nContent-Disposition: form-data; name="batch"\r\n\r\n[]',
    ]) {
      expect(booted().fetch('POST', '/api/batch', { headers, body }).status).toBe(400);
    }
    expect(
      booted().fetch('POST', '/api/batch', { headers: [['Content-Type', 'multipart/form-data']], body: 'x' }).status,
    ).toBe(400);
  });

  test('stop ends the server, which can be started again', () => {
    const machine = booted();
    expect(machine.fetch('POST', '/api/stop').json).toBe('');
    machine.run();
    expect(machine.machine.network.listeningPorts()).toEqual([]);
    machine.programs.start(['/libhttpserver.so'], { isNewProgram: false });
    machine.run();
    expect(machine.fetch('GET', '/os/name').json).toBe('OSv');
  });
});

describe('the server', () => {
  test('keeps connections alive and answers pipelined requests in order', () => {
    const machine = booted();
    const text = machine.exchange(get('/os/name') + get('/os/vendor') + 'GET /os/name HTTP/1.0\r\n\r\n');
    expect(text.match(/"[^"]+"/g)).toEqual(['"OSv"', '"Cloudius Systems"', '"OSv"']);
    expect(text.match(/Connection: close/g)).toHaveLength(1);
  });

  test('a HEAD has no body, OPTIONS is empty, unknown paths and methods are 404 and 405', () => {
    const machine = booted('--access-allow=http://a, http://b');
    const head = machine.exchange('HEAD /os/name HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\nContent-Length: 5\r\n[^]*\r\n\r\n$/);
    const options = machine.fetch('OPTIONS', '/anything', {
      headers: [
        ['Origin', 'http://b'],
        ['Access-Control-Request-Method', 'PUT'],
        ['Access-Control-Request-Headers', 'X-A'],
      ],
    });
    expect([options.status, options.body, [...options.headers].filter(([name]) => name.startsWith('Access'))]).toEqual([
      200,
      '',
      [
        ['Access-Control-Allow-Origin', 'http://b'],
        ['Access-Control-Allow-Methods', 'GET, POST, PUT, OPTIONS, DELETE'],
        ['Access-Control-Allow-Headers', 'X-A'],
        ['Access-Control-Max-Age', '1000'],
      ],
    ]);
    rows(machine, [
      ['GET', '/none', 404, error('Not found', 404)],
      ['PATCH', '/os/name', 405, error('Method not allowed', 405)],
      ['PUT', '/os/name', 404, error('Not found: use GET', 404)],
      ['GET', '/jvm/version', 404, error('Not found', 404)],
    ]);
  });

  test.each([
    ['a path that goes up', 'GET /file/../etc?op=GET HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['one that goes up in disguise', 'GET /file/%2e%2e/etc?op=GET HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a path without slash', 'GET os/name HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a NUL in the path', 'GET /file/a%00b?op=GET HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['no HTTP at all', 'hello there\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n', 400],
    ['an endless header', `GET / HTTP/1.1\r\n${'a'.repeat(40_000)}`, 431],
    [
      'a form beyond the limit',
      'POST /env/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999\r\n\r\n' +
        'a'.repeat(17 << 20),
      413,
    ],
    ['an unknown coding', 'POST /os/hostname HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: br\r\n\r\n', 501],
  ])('answers %s with a client error and goes on', (_, bytes, status) => {
    const machine = booted();
    expect(machine.exchange(bytes).slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(machine.fetch('GET', '/os/name').json).toBe('OSv');
  });

  test('closes a silent connection after a minute and keeps no thread for it', () => {
    const machine = booted();
    const threads = machine.machine.tasks().length;
    machine.exchange('GET /os/na');
    machine.run();
    expect(machine.machine.tasks().length).toBe(threads);
  });

  test('says what is wrong with its options, or that its port is taken', () => {
    const machine = booted();
    machine.programs.start(['/libhttpserver.so', '--nonsense'], { isNewProgram: false });
    machine.programs.start(['/libhttpserver.so'], { isNewProgram: false });
    machine.run();
    expect(machine.ports.console.text.replaceAll('\r', '')).toContain(
      'invalid configuration: --nonsense\nhttpserver: cannot listen on 0.0.0.0:8000: Address already in use\n',
    );
  });

  test('serves the dashboard', () => {
    const machine = booted();
    machine.putFile('/usr/mgmt/gui/dashboard/index.html', '<p>hi');
    machine.putFile('/usr/mgmt/gui/dashboard/assets/a.js', '1');
    const type = (target: string): unknown => {
      const answer = machine.fetch('GET', target);
      return [answer.status, answer.headers.get('content-type') ?? answer.headers.get('location'), answer.body];
    };
    expect(type('/')).toEqual([301, '/dashboard/', '']);
    expect(type('/dashboard/')).toEqual([200, 'text/html', '<p>hi']);
    expect(type('/dashboard/threads')).toEqual([200, 'text/html', '<p>hi']);
    expect(type('/dashboard/assets/a.js')).toEqual([200, 'text/javascript', '1']);
    expect(machine.fetch('GET', '/dashboard/assets/none.js').status).toBe(404);
  });

  test('200 clients at once all get their answer', () => {
    const machine = booted();
    const results = Array.from({ length: 200 }, () => machine.fetch('GET', '/os/name').status);
    expect(new Set(results)).toEqual(new Set([200]));
  });

  test('describes itself', () => {
    const machine = booted();
    const { json } = machine.fetch('GET', '/openapi.json');
    expect(json).toMatchObject({
      openapi: '3.0.3',
      paths: { '/app': { put: { operationId: 'putApp' } }, '/file/{path}': { get: {} } },
    });
    expect(machine.fetch('GET', '/api-doc').json).toMatchObject({
      apis: expect.arrayContaining([{ path: '/os', description: 'OS core API' }]),
    });
    expect(machine.fetch('GET', '/api/listings/env.json').json).toEqual(machine.fetch('GET', '/api-doc/env').json);
    expect(machine.fetch('GET', '/api-doc/none').status).toBe(404);
  });
});

describe('/trace/syscalls (ours)', () => {
  const off = { enabled: false, program: '', names: [], errors: false, size: 4096 };

  test('recording is off, starts with a filter, answers how it was before, and stops', () => {
    const machine = booted();
    const on = { ...off, enabled: true, program: '201', thread: 202, names: ['open', '!read'], errors: true, size: 9 };
    expect(show(machine.fetch('GET', '/trace/syscalls/status'))).toEqual([200, off]);
    rows(machine, [
      ['POST', '/trace/syscalls?enabled=true&program=201&thread=202&names=open,!read&errors=1&size=9', 200, off],
      ['POST', '/trace/syscalls?enabled=false', 200, on],
      ['GET', '/trace/syscalls', 200, { enabled: false, next: 0, dropped: 0, list: [] }],
      ['DELETE', '/trace/syscalls', 200, ''],
    ]);
  });

  test('what is wrong is said', () => {
    const machine = booted();
    expect(machine.fetch('POST', '/trace/syscalls?enabled=perhaps').status).toBe(400);
    rows(machine, [
      ['POST', '/trace/syscalls', 400, error("Missing mandatory parameter 'enabled'", 400)],
      ['POST', '/trace/syscalls?enabled=1&size=70000', 400, error('Invalid size, the maximum is 65536', 400)],
      ['GET', '/trace/syscalls?after=x', 400, error('Invalid value x for after, use a number', 400)],
    ]);
  });
});
