/** /api: several calls in one, and stopping the server (facts 1.2). */
import {
  byteStringFrom,
  bytesFromUtf8,
  concatenate,
  utf8Decode,
  utf8Encode,
  type ByteString,
} from '../../../emulator/util/bytes.ts';
import { SIGTERM } from '../../abi/signal.ts';
import { boundaryOf, MultipartParser } from '../../net/http/multipart.ts';
import { parseForm } from '../../net/http/form.ts';
import type { Wait } from '../../program/native-program.ts';
import { ApiError, wholeBody, type Reply } from '../reply.ts';
import { array, object, post, STRING, type Route, type RouteCall } from '../route.ts';

/** The GUI asks for a dozen things at once; a thousand is a mistake. */
const MAX_ITEMS = 1000;
const MAX_BATCH_BYTES = 1024 * 1024;

export const api: readonly Route[] = [
  post('/api/batch', {
    summary: 'Runs several calls one after the other; field "batch": [{"method", "relative_url"}]',
    reply: array(object('BatchReply')),
    streamsBody: true,
    steps: batch,
  }),
  post('/api/stop', {
    summary: 'Stops the API server',
    reply: STRING,
    run: ({ management, sys }) => {
      const own = management.programs.thread(sys.threadId)?.program.pid;
      if (own !== undefined) management.programs.signal(own, SIGTERM);
    },
  }),
];

interface BatchItem {
  readonly method: string;
  readonly target: ByteString;
}

function* batch(call: RouteCall): Wait<Reply> {
  const items = parseItems(yield* batchField(call));
  const pieces: Uint8Array[] = [utf8Encode('[')];
  for (const [i, item] of items.entries()) {
    if (i > 0) pieces.push(utf8Encode(','));
    const reply = yield* call.subrequest(item.method, item.target);
    const body = yield* wholeBody(reply);
    pieces.push(utf8Encode(`{"code":${reply.status},"body":`), asJson(reply, body), utf8Encode('}'));
  }
  pieces.push(utf8Encode(']'));
  return { status: 200, contentType: 'application/json', body: concatenate(pieces) };
}

/** OSv splices any body in raw; here what is no JSON becomes a JSON string, so that the answer always parses. */
function asJson(reply: Reply, body: Uint8Array): Uint8Array {
  if (reply.contentType === 'application/json') return body;
  return utf8Encode(JSON.stringify(utf8Decode(body)));
}

/** The field of a multipart form; an urlencoded form or a plain JSON body will do too. */
function* batchField(call: RouteCall): Wait<string> {
  const { contentType, readBody, parameters } = call.request;
  const boundary = boundaryOf(contentType);
  const parser = boundary === undefined ? undefined : new MultipartParser(boundary);
  const pieces: Uint8Array[] = [];
  let name = '';
  let total = 0;
  for (let piece = yield* readBody(); piece !== undefined; piece = yield* readBody()) {
    total += piece.length;
    if (total > MAX_BATCH_BYTES) throw new ApiError(413, 'Batch too long');
    if (parser === undefined) pieces.push(piece.slice());
    else {
      for (const event of parser.push(piece)) {
        if (event.kind === 'part') ({ name } = event);
        else if (event.kind === 'data' && name === 'batch') pieces.push(event.bytes.slice());
      }
    }
  }
  if (parser?.isComplete === false) throw new ApiError(400, 'Multipart body without its end');
  const body = concatenate(pieces);
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType ?? '');
  const fields = isForm ? parseForm(byteStringFrom(body)) : parameters;
  const field = fields.find(([each]) => each === 'batch')?.[1];
  return isForm || body.length === 0 ? (field ?? '') : byteStringFrom(body);
}

/** OSv takes single quotes for double ones. @throws ApiError */
function parseItems(text: string): readonly BatchItem[] {
  const unicode = utf8Decode(Uint8Array.from(text, (char) => char.charCodeAt(0)));
  const items = parseJson(unicode) ?? parseJson(unicode.replaceAll("'", '"'));
  if (!Array.isArray(items)) throw new ApiError(400, 'Bad batch: an array of {"method", "relative_url"} is needed');
  if (items.length > MAX_ITEMS) throw new ApiError(400, `Bad batch: at most ${MAX_ITEMS} calls`);
  return items.map((item: unknown) => {
    const { method, relative_url: url } = (item ?? {}) as { method?: unknown; relative_url?: unknown };
    if (typeof method !== 'string' || typeof url !== 'string') {
      throw new ApiError(400, 'Bad batch: each call needs method and relative_url');
    }
    const target = bytesFromUtf8(url.startsWith('/') ? url : `/${url}`);
    return { method: method.toUpperCase(), target };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
