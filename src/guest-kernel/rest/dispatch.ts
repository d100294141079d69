/** From a request to its reply: routing, parameters, handler, error texts. Nothing thrown here ends the server. */
import { byteStringFrom, concatenate, type ByteString } from '../../emulator/util/bytes.ts';
import { Errno } from '../abi/errno.ts';
import { decodeUrlText, parseForm } from '../net/http/form.ts';
import { HttpError } from '../net/http/message.ts';
import type { Wait } from '../program/native-program.ts';
import { LaunchError } from '../program/programs.ts';
import { openApi } from './openapi.ts';
import { ApiError, emptyReply, errorReply, jsonReply, stockPage, type Reply } from './reply.ts';
import { checkParameters, parseFlag, type ApiRequest, type Route, type RouteCall } from './route.ts';
import { match, methodsFor, normalPath } from './router.ts';
import type { Server } from './server-context.ts';
import { staticFile } from './static-files.ts';
import { swagger } from './swagger.ts';

/** Forms and other bodies that a handler gets whole; uploads are streamed and know no limit. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** What the connection knows of a request before its body. */
export interface IncomingRequest {
  readonly method: string;
  readonly target: ByteString;
  readonly contentType: ByteString | undefined;
  readonly host: ByteString;
  readonly readBody: () => Wait<Uint8Array | undefined>;
}

export function* dispatch(server: Server, incoming: IncomingRequest): Wait<Reply> {
  try {
    return yield* route(server, incoming);
  } catch (error) {
    return errorFor(incoming, error);
  }
}

function errorFor(incoming: IncomingRequest, error: unknown): Reply {
  if (error instanceof ApiError || error instanceof HttpError) return errorReply(error.status, error.message);
  if (error instanceof LaunchError) return errorReply(500, error.message);
  if (error instanceof Errno) return errorReply(500, `${error.message} (${incoming.method} ${incoming.target})`);
  throw error;
}

function* route(server: Server, incoming: IncomingRequest): Wait<Reply> {
  if (incoming.method === 'OPTIONS') return emptyReply();
  const question = incoming.target.indexOf('?');
  const rawPath = question < 0 ? incoming.target : incoming.target.slice(0, question);
  const path = decodeUrlText(rawPath);
  if (!path.startsWith('/') || path.includes('..') || path.includes('\0')) return stockPage(400, 'Bad Request');
  const method = incoming.method === 'HEAD' ? 'GET' : incoming.method;
  const found = match(method, path);
  if (found === undefined) return yield* unrouted(server, method, path, incoming);
  const query = question < 0 ? [] : parseForm(incoming.target.slice(question + 1));
  const form = found.route.streamsBody ? [] : yield* readForm(incoming);
  const parameters = [...query, ...form];
  const request: ApiRequest = { ...incoming, path, parameters };
  // The first of several of one name counts, path parameters before all.
  const values = new Map([...parameters.toReversed(), ...found.pathParameters]);
  checkParameters(found.route, values);
  const call = routeCall(server, request, values);
  const { run, steps } = found.route;
  const value = steps === undefined ? yield* server.sys.retry(() => run?.(call)) : yield* steps(call);
  return replyFor(found.route, value);
}

function routeCall(server: Server, request: ApiRequest, values: ReadonlyMap<string, ByteString>): RouteCall {
  const { management, sys } = server;
  const { host } = request;
  return {
    management,
    sys,
    request,
    text: (name) => values.get(name) ?? '',
    has: (name) => (values.get(name) ?? '') !== '',
    flag: (name) => parseFlag(values.get(name) ?? '') ?? false,
    number: (name) => Number(values.get(name) ?? 0),
    subrequest: (method, target) =>
      dispatch(server, { method, target, host, contentType: undefined, readBody: noBody }),
  };
}

function* noBody(): Wait<undefined> {
  yield* [];
  return undefined;
}

function replyFor({ reply }: Route, value: unknown): Reply {
  if (isReply(value)) return value;
  if (reply.kind === 'empty') return emptyReply();
  // OSv answers an empty JSON string where there is nothing to say.
  return jsonReply(value ?? '');
}

function isReply(value: unknown): value is Reply {
  return typeof value === 'object' && value !== null && 'status' in value && 'body' in value;
}

function* unrouted(server: Server, method: string, path: ByteString, incoming: IncomingRequest): Wait<Reply> {
  if (method === 'GET') {
    const plain = normalPath(path);
    if (plain === '/openapi.json') return jsonReply(openApi());
    const listing = swagger(plain, incoming.host);
    if (listing !== undefined) return jsonReply(listing);
    const page = yield* staticFile(server, path);
    if (page !== undefined) return page;
  }
  if (!['GET', 'PUT', 'POST', 'DELETE'].includes(method)) return errorReply(405, 'Method not allowed');
  const allowed = methodsFor(path);
  return allowed.length === 0 ? errorReply(404, 'Not found') : errorReply(404, `Not found: use ${allowed.join(', ')}`);
}

function* readForm(incoming: IncomingRequest): Wait<readonly (readonly [ByteString, ByteString])[]> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(incoming.contentType ?? '')) return [];
  return parseForm(byteStringFrom(yield* readWhole(incoming.readBody)));
}

/** The rest of a body. @throws ApiError 413 */
function* readWhole(readBody: () => Wait<Uint8Array | undefined>): Wait<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (let piece = yield* readBody(); piece !== undefined; piece = yield* readBody()) {
    pieces.push(piece.slice());
    total += piece.length;
    if (total > MAX_BODY_BYTES) throw new ApiError(413, `Body longer than ${MAX_BODY_BYTES} bytes`);
  }
  return concatenate(pieces);
}
