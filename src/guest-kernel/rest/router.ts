/** Which route a request belongs to, as OSv decides it: exact paths first, then rules in the order of registration. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { api } from './endpoints/api.ts';
import { app } from './endpoints/app.ts';
import { env } from './endpoints/env.ts';
import { file } from './endpoints/file.ts';
import { fs } from './endpoints/fs.ts';
import { hardware } from './endpoints/hardware.ts';
import { network } from './endpoints/network.ts';
import { os } from './endpoints/os.ts';
import { trace } from './endpoints/trace.ts';
import type { Route } from './route.ts';

/** A part of the API as OSv's Swagger listings divide it. */
export interface Area {
  readonly name: string;
  readonly description: string;
  readonly routes: readonly Route[];
}

export const AREAS: readonly Area[] = [
  { name: 'app', description: 'app API', routes: app },
  { name: 'env', description: 'Environment variables API', routes: env },
  { name: 'file', description: 'file API', routes: file },
  { name: 'fs', description: 'FS core API', routes: fs },
  { name: 'hardware', description: 'Hardware management API', routes: hardware },
  { name: 'network', description: 'Hardware management API', routes: network },
  { name: 'os', description: 'OS core API', routes: os },
  { name: 'trace', description: 'Trace API', routes: trace },
  { name: 'api', description: 'Advanced API options', routes: api },
];

export interface Match {
  readonly route: Route;
  readonly pathParameters: ReadonlyMap<string, ByteString>;
}

interface Rule {
  readonly route: Route;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

const ALL = AREAS.flatMap(({ routes }) => routes);
const EXACT = new Map(
  ALL.filter(({ path }) => !path.includes('{')).map((route) => [`${route.method} ${route.path}`, route]),
);
const RULES: readonly Rule[] = ALL.filter(({ path }) => path.includes('{')).map((route) => ({
  route,
  pattern: patternOf(route.path),
  names: [...route.path.matchAll(/\{(\w+)\*?\}/g)].map((found) => found[1] ?? ''),
}));

/** `path` is decoded; one trailing '/' does not count. */
export function match(method: string, path: ByteString): Match | undefined {
  const plain = normalPath(path);
  const exact = EXACT.get(`${method} ${plain}`);
  if (exact !== undefined) return { route: exact, pathParameters: new Map() };
  for (const { route, pattern, names } of RULES) {
    const found = route.method === method ? pattern.exec(plain) : null;
    if (found !== null) {
      return { route, pathParameters: new Map(names.map((name, i) => [name, found[i + 1] ?? ''])) };
    }
  }
  return undefined;
}

/** Methods that some route takes on this path. */
export function methodsFor(path: ByteString): readonly string[] {
  return ['GET', 'PUT', 'POST', 'DELETE'].filter((method) => match(method, path) !== undefined);
}

export function normalPath(path: ByteString): ByteString {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

// A greedy '{path*}' takes its leading '/' too: /file/etc/hosts gives '/etc/hosts'; and it may be missing: /file/.
function patternOf(path: string): RegExp {
  const source = path
    .replaceAll(/[.+]/g, String.raw`\$&`)
    .replace(/\/\{\w+\*\}$/, '((?:/[^]*)?)')
    .replaceAll(/\{\w+\}/g, '([^/]+)');
  return new RegExp(`^${source}$`);
}
