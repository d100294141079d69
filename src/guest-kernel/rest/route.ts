/**
 * A REST endpoint as a row. Router, validation, /openapi.json and OSv's Swagger listings derive from it.
 *
 *   get('/os/uptime', { summary: 'Seconds since boot', reply: LONG, run: ({ management }) => … })
 *
 * `run` is plain and may throw NotResident (it is run again, so it must change nothing before it throws); `steps` is a
 * generator for what takes several system calls. Both throw ApiError; neither waits on guest code.
 */
import { utf8FromBytes, type ByteString } from '../../emulator/util/bytes.ts';
import type { NativeCalls, Wait } from '../program/native-program.ts';
import type { Management } from './management.ts';
import { ApiError, type Reply } from './reply.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface Parameter {
  readonly name: string;
  readonly where: 'path' | 'query';
  readonly type: 'string' | 'boolean' | 'integer';
  readonly isRequired: boolean;
  readonly summary: string;
  readonly choices?: readonly string[];
}

/** What a good answer holds: a JSON value of that shape, nothing at all, or raw bytes. */
export type ReplyType =
  | { readonly kind: 'string' | 'long' | 'empty' | 'bytes' }
  | { readonly kind: 'object'; readonly model: string }
  | { readonly kind: 'array'; readonly of: ReplyType };

export const STRING: ReplyType = { kind: 'string' };
export const LONG: ReplyType = { kind: 'long' };
export const EMPTY: ReplyType = { kind: 'empty' };
export const BYTES: ReplyType = { kind: 'bytes' };
export const object = (model: string): ReplyType => ({ kind: 'object', model });
export const array = (of: ReplyType): ReplyType => ({ kind: 'array', of });

/** A request on its way to a handler. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded, without query. */
  readonly path: ByteString;
  /** Query and form, in order. */
  readonly parameters: readonly (readonly [ByteString, ByteString])[];
  readonly contentType: ByteString | undefined;
  readonly host: ByteString;
  /** The next piece of a body that was not read yet; undefined at its end. */
  readonly readBody: () => Wait<Uint8Array | undefined>;
}

/** A handler's view of one call; parameters were checked against the row. */
export interface RouteCall {
  readonly management: Management;
  readonly sys: NativeCalls;
  readonly request: ApiRequest;
  /** '' when absent. */
  readonly text: (name: string) => ByteString;
  readonly has: (name: string) => boolean;
  readonly flag: (name: string) => boolean;
  readonly number: (name: string) => number;
  /** Another call of this server, without a body (batch). */
  readonly subrequest: (method: string, target: ByteString) => Wait<Reply>;
}

export interface Route {
  readonly method: Method;
  /** '/app/{tid}/output'; a last part '{path*}' takes the whole rest. */
  readonly path: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly reply: ReplyType;
  /** Ours in addition to OSv's API. */
  readonly isOurs: boolean;
  /** The handler reads the body itself. */
  readonly streamsBody: boolean;
  readonly run?: (call: RouteCall) => unknown;
  /** A Reply goes out as it is, any other value as the row's reply type. */
  readonly steps?: (call: RouteCall) => Wait<unknown>;
}

type Row = Partial<Pick<Route, 'parameters' | 'isOurs' | 'streamsBody' | 'run' | 'steps'>> &
  Pick<Route, 'summary' | 'reply'>;

const route = (method: Method, path: string, row: Row): Route => ({
  method,
  path,
  parameters: [],
  isOurs: false,
  streamsBody: false,
  ...row,
});

export const get = (path: string, row: Row): Route => route('GET', path, row);
export const put = (path: string, row: Row): Route => route('PUT', path, row);
export const post = (path: string, row: Row): Route => route('POST', path, row);
export const del = (path: string, row: Row): Route => route('DELETE', path, row);

/** Parameters. */
export const inPath = (name: string, summary: string, type: Parameter['type'] = 'string'): Parameter => ({
  name,
  where: 'path',
  type,
  isRequired: true,
  summary,
});
export const optional = (name: string, summary: string, type: Parameter['type'] = 'string'): Parameter => ({
  name,
  where: 'query',
  type,
  isRequired: false,
  summary,
});
export const required = (name: string, summary: string, options: Partial<Parameter> = {}): Parameter => ({
  name,
  where: 'query',
  type: 'string',
  isRequired: true,
  summary,
  ...options,
});

/** Checks the parameters as OSv does (facts 1.1). @throws ApiError */
export function checkParameters(route_: Route, values: ReadonlyMap<string, ByteString>): void {
  for (const parameter of route_.parameters) {
    const value = values.get(parameter.name) ?? '';
    if (parameter.isRequired && parameter.where === 'query' && value === '') {
      throw new ApiError(400, `Missing mandatory parameter '${parameter.name}'`);
    }
    if (value !== '' && parameter.choices?.includes(value) === false) {
      throw new ApiError(
        400,
        `Invalid value ${utf8FromBytes(value)} for ${parameter.name}, use ${parameter.choices.join(', ')}`,
      );
    }
    if (parameter.type === 'boolean' && parseFlag(value) === undefined) {
      throw new ApiError(400, `Invalid value ${utf8FromBytes(value)} use true/false or 0/1`);
    }
    if (parameter.type === 'integer' && value !== '' && !/^-?\d{1,15}$/.test(value)) {
      throw new ApiError(400, `Invalid value ${utf8FromBytes(value)} for ${parameter.name}, use a number`);
    }
  }
}

/** Undefined for what is no boolean; '' is false. */
export function parseFlag(text: ByteString): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === '1') return true;
  return lower === 'false' || lower === '0' || lower === '' ? false : undefined;
}
