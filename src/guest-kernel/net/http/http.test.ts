import { createServer, request as nodeRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesOf, byteStringFrom } from '../../../emulator/util/bytes.ts';
import { decodeUrlText, encodeUrlText, formatForm, parseForm } from './form.ts';
import { formatChunk, formatRequestHead, formatResponseHead, LAST_CHUNK } from './format.ts';
import { HttpError, HttpHeaders, keepsAlive, type RequestHead, type ResponseHead } from './message.ts';
import { boundaryOf, MultipartParser } from './multipart.ts';
import { HttpParser } from './parser.ts';

interface Message {
  head: RequestHead | ResponseHead;
  body: string;
}

/** All messages of `text`, pushed in pieces of the given sizes (over and over). */
function parse(
  kind: 'request' | 'response',
  text: string,
  sizes: readonly number[] = [1e9],
  isHead = false,
): Message[] {
  const parser = new HttpParser(kind);
  if (isHead) parser.expectNoBody();
  const messages: Message[] = [];
  const drain = (): void => {
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event.kind === 'head') messages.push({ head: event.head, body: '' });
      else if (event.kind === 'body') messages.at(-1)!.body += byteStringFrom(event.bytes);
    }
  };
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length]);
    parser.push(bytesOf(text.slice(at, at + size)));
    at += size;
    drain();
  }
  parser.finish();
  drain();
  return messages;
}

function statusOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error instanceof HttpError ? error.status : error;
  }
}

const flat = ({ head, body }: Message): unknown => [
  head.kind === 'request' ? [head.method, head.target] : [head.status, head.reason],
  head.minorVersion,
  [...head.headers],
  body,
];

const bodies = (text: string, isHead = false): string[] => parse('response', text, [7], isHead).map((m) => m.body);

const headWith = (minorVersion: number, value?: string): RequestHead => ({
  kind: 'request',
  method: 'GET',
  target: '/',
  minorVersion,
  headers: new HttpHeaders(value === undefined ? [] : [['Connection', value]]),
});

/** What Node's client makes of these bytes. */
async function asNodeReads(answer: string): Promise<unknown[]> {
  const { createServer: createTcp } = await import('node:net');
  const tcp = createTcp((socket) => socket.once('data', () => socket.end(bytesOf(answer))));
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const { port: tcpPort } = tcp.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    nodeRequest({ port: tcpPort, host: '127.0.0.1' }, (message) => {
      let body = '';
      message.on('data', (part: Buffer) => (body += part.toString('latin1')));
      message.on('end', () => {
        tcp.close();
        resolve([message.statusCode, message.statusMessage, message.headers['x-a'], body]);
      });
    })
      .on('error', reject)
      .end();
  });
}

function readMultipart(boundary: string, text: string, size: number): unknown[] {
  const parser = new MultipartParser(boundary);
  const parts: { name: string; filename: string | undefined; body: string; isWhole: boolean }[] = [];
  for (let at = 0; at < text.length; at += size) {
    for (const event of parser.push(bytesOf(text.slice(at, at + size)))) {
      if (event.kind === 'part') parts.push({ name: event.name, filename: event.filename, body: '', isWhole: false });
      else if (event.kind === 'data') parts.at(-1)!.body += byteStringFrom(event.bytes);
      else parts.at(-1)!.isWhole = true;
    }
  }
  return [parser.isComplete, parts];
}

describe('the parser', () => {
  const PIPELINE =
    'GET /a?b=%20 HTTP/1.1\r\nHost: x\r\n\r\n' +
    'POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello' +
    '\r\nPUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;name=v\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n' +
    'GET / HTTP/1.0\n\n';

  test('gives each message of a pipeline, whatever the pieces it comes in', () => {
    const whole = parse('request', PIPELINE).map(flat);
    expect(whole.map((each) => (each as unknown[])[0])).toEqual([
      ['GET', '/a?b=%20'],
      ['POST', '/b'],
      ['PUT', '/c'],
      ['GET', '/'],
    ]);
    expect(whole.map((each) => (each as unknown[])[3])).toEqual(['', 'hello', 'abc0123456789', '']);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        expect(parse('request', PIPELINE, sizes).map(flat)).toEqual(whole);
      }),
      { numRuns: 100 },
    );
  });

  test('ends a response by length, chunks, status, method, or the end of the connection', () => {
    expect(bodies('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\n')).toEqual(['ok', '']);
    expect(bodies('HTTP/1.1 200 OK\r\n\r\nuntil the end')).toEqual(['until the end']);
    expect(bodies('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', true)).toEqual(['']);
    expect(bodies('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n')).toEqual(['', '']);
  });

  const BAD: [string, string, number][] = [
    ['no version', 'GET /\r\n\r\n', 400],
    ['two blanks', 'GET  / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['HTTP/2', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n', 505],
    ['a method that is no token', 'G@T / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
    ['a folded field', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n', 400],
    ['a field without colon', 'GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n', 400],
    ['a NUL in a value', 'GET / HTTP/1.1\r\nHost: x\0y\r\n\r\n', 400],
    ['a bare CR in a value', 'GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    ['a signed length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na', 400],
    ['a huge length', `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${'9'.repeat(20)}\r\n\r\na`, 400],
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['an unknown coding', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
    ['a chunk size that is no number', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 400],
    [
      'a chunk longer than it says',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n',
      400,
    ],
    ['a head too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 431],
    ['a head without end', `GET / HTTP/1.1\r\nA: ${'a'.repeat(20_000)}`, 431],
    ['too many fields', `GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(101)}\r\n`, 431],
    ['the end in a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab', 400],
    ['the end in a head', 'POST / HTT', 400],
  ];
  test.each(BAD)('refuses %s', (_, text, status) => {
    expect(statusOf(() => parse('request', text))).toBe(status);
    expect(statusOf(() => parse('request', text, [3]))).toBe(status);
  });

  test('answers any bytes with messages or an HttpError, and never stands still', () => {
    const pieces = fc.constantFrom(
      'GET ',
      '/ ',
      'HTTP/1.1',
      '\r\n',
      '\n',
      'Host: x',
      'Content-Length: 3',
      'Transfer-Encoding: chunked',
      ':',
      ' ',
      '0',
      'ff',
      'abc',
      '\0',
    );
    const text = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 30 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (parts, size) => {
        const bytes = parts.join('').replace(/[^\0-\xff]/g, '?');
        const result = statusOf(() => parse('request', bytes, [size]).map(flat));
        expect(typeof result === 'number' || Array.isArray(result)).toBe(true);
        expect(statusOf(() => parse('request', bytes).map(flat))).toEqual(result);
      }),
      { numRuns: 500 },
    );
  });
});

describe('keepsAlive', () => {
  test.each([
    [1, undefined, true],
    [1, 'Close', false],
    [1, 'upgrade, close', false],
    [0, undefined, false],
    [0, 'Keep-Alive', true],
  ] as const)('HTTP/1.%s with Connection: %s is %s', (minor, value, expected) => {
    expect(keepsAlive(headWith(minor, value))).toBe(expected);
  });
});

describe("beside Node's own http", () => {
  const seen: { method: string; url: string; headers: string[]; body: string }[] = [];
  const server = createServer((message: IncomingMessage, reply) => {
    let body = '';
    message.setEncoding('latin1');
    message.on('data', (text: string) => (body += text));
    message.on('end', () => {
      seen.push({ method: message.method!, url: message.url!, headers: message.rawHeaders, body });
      reply.setHeader('X-Seen', String(seen.length));
      if (body.length % 2 === 1) reply.setHeader('Content-Length', body.length);
      reply.end(body);
    });
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());

  function exchange(bytes: Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
      let text = '';
      socket.setEncoding('latin1');
      socket.on('data', (part: string) => (text += part));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
  }

  test('what we format it reads as we do, and what it answers we read', async () => {
    const rows = fc.record({
      path: fc.string({ unit: 'binary-ascii', maxLength: 12 }).map((each) => `/${encodeUrlText(each)}`),
      body: fc.string({ unit: 'binary-ascii', maxLength: 300 }),
      chunk: fc.integer({ min: 0, max: 50 }),
      value: fc.stringMatching(/^[!-~]([ -~]*[!-~])?$/),
    });
    await fc.assert(
      fc.asyncProperty(rows, async ({ path, body, chunk, value }) => {
        const framing: [string, string] =
          chunk === 0 ? ['Content-Length', String(body.length)] : ['Transfer-Encoding', 'chunked'];
        const headers = new HttpHeaders([['Host', 'h'], ['X-Value', value], framing, ['Connection', 'close']]);
        let text = byteStringFrom(formatRequestHead('POST', path, headers));
        if (chunk === 0) text += body;
        else {
          for (let at = 0; at < body.length; at += chunk)
            text += byteStringFrom(formatChunk(bytesOf(body.slice(at, at + chunk))));
          text += byteStringFrom(LAST_CHUNK);
        }
        const [ours] = parse('request', text, [5]);
        const answer = await exchange(bytesOf(text));
        const theirs = seen.at(-1)!;
        expect(theirs).toEqual({ method: 'POST', url: path, headers: [...headers].flat(), body });
        expect([(ours.head as RequestHead).target, [...ours.head.headers].flat(), ours.body]).toEqual([
          theirs.url,
          theirs.headers,
          theirs.body,
        ]);
        const [reply] = parse('response', answer, [11]);
        expect([(reply.head as ResponseHead).status, reply.body, reply.head.headers.get('x-seen')]).toEqual([
          200,
          body,
          String(seen.length),
        ]);
      }),
      { numRuns: 60 },
    );
  });

  test('it refuses what we refuse', async () => {
    const texts = [
      'GET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    ];
    for (const text of texts) {
      expect((await exchange(bytesOf(text))).slice(0, 12)).toBe('HTTP/1.1 400');
      expect(statusOf(() => parse('request', text))).toBe(400);
    }
  });

  test('it reads our responses', async () => {
    const ours = asNodeReads(
      byteStringFrom(
        formatResponseHead(
          404,
          new HttpHeaders([
            ['Content-Length', '4'],
            ['X-A', 'b'],
          ]),
        ),
      ) + 'gone',
    );
    expect(await ours).toEqual([404, 'Not Found', 'b', 'gone']);
  });
});

describe('formatting', () => {
  test('lets nothing through that would break the message', () => {
    expect(statusOf(() => formatResponseHead(200, new HttpHeaders([['A', 'b\r\nEvil: c']])))).toBe(500);
    expect(statusOf(() => formatRequestHead('GET', '/a b', new HttpHeaders()))).toBe(400);
  });
});

describe('forms', () => {
  test('decode what they encode, as URLSearchParams does', () => {
    const pairs = fc.array(
      fc.tuple(fc.string({ unit: 'binary-ascii', minLength: 1 }), fc.string({ unit: 'binary-ascii' })),
    );
    fc.assert(
      fc.property(pairs, (list) => {
        expect(parseForm(formatForm(list))).toEqual(list);
        expect(parseForm(new URLSearchParams(list).toString())).toEqual(list);
      }),
    );
    expect(decodeUrlText('%zz%4')).toBe('%zz%4');
    expect(parseForm('a&b=&&c=1=2')).toEqual([
      ['a', ''],
      ['b', ''],
      ['c', '1=2'],
    ]);
  });
});

describe('multipart', () => {
  test('gives the parts as FormData wrote them, whatever the pieces', async () => {
    const form = new FormData();
    form.set('batch', '[{"a":1}]');
    form.set('file', new Blob(['--line\r\n--other\r\n\0\xff'.repeat(20)]), 'we"ird.txt');
    form.set('empty', '');
    const encoded = new Response(form);
    const boundary = boundaryOf(encoded.headers.get('content-type')!)!;
    const text = byteStringFrom(new Uint8Array(await encoded.arrayBuffer()));
    const whole = readMultipart(boundary, text, 1e9) as [boolean, { name: string; body: string }[]];
    expect(whole[0]).toBe(true);
    expect(whole[1].map((part) => part.name)).toEqual(['batch', 'file', 'empty']);
    expect(whole[1].map((part) => part.body.length)).toEqual([9, 400, 0]);
    for (const size of [1, 2, 7, 31, 64]) expect(readMultipart(boundary, text, size)).toEqual(whole);
  });

  test.each([
    ['no disposition', '--b\r\nA: b\r\n\r\nx\r\n--b--'],
    ['rubbish after the delimiter', '--bxyz\r\n\r\n'],
    ['a head without end', `--b\r\n${'a'.repeat(9000)}`],
  ])('refuses %s', (_, text) => {
    expect(statusOf(() => readMultipart('b', text, 13))).toBe(400);
  });

  test('never ends on a delimiter that did not come', () => {
    expect(readMultipart('b', 'anything at all', 4)).toEqual([false, []]);
  });

  test('finds the boundary of a content type', () => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc');
    expect(boundaryOf('Multipart/Form-Data; charset=x; boundary="a b"')).toBe('a b');
    expect(boundaryOf('application/json')).toBeUndefined();
    expect(statusOf(() => boundaryOf('multipart/form-data'))).toBe(400);
  });
});
