/** OSv's Swagger 1 listings: the registry at /api-doc, each area at /api-doc/<name> and /api/listings/<name>.json. */
import { OSV_VERSION } from '../version.ts';
import { MODELS, type Field } from './models.ts';
import type { ReplyType, Route } from './route.ts';
import { AREAS, type Area } from './router.ts';

/** Undefined where `path` names no listing. */
export function swagger(path: string, host: string): unknown {
  if (path === '/api-doc') return registry(host);
  const name = (/^\/api-doc\/(\w+)$/.exec(path) ?? /^\/api\/listings\/(\w+)\.json$/.exec(path))?.[1];
  const area = AREAS.find((each) => each.name === name);
  return area === undefined ? undefined : listing(area, host);
}

function registry(host: string): unknown {
  return {
    apiVersion: OSV_VERSION,
    swaggerVersion: '1.2',
    basePath: `http://${host}/api-doc`,
    apis: AREAS.map(({ name, description }) => ({ path: `/${name}`, description })),
  };
}

function listing(area: Area, host: string): unknown {
  const paths = [...new Set(area.routes.map(({ path }) => path))];
  return {
    apiVersion: OSV_VERSION,
    swaggerVersion: '1.2',
    basePath: `http://${host}`,
    resourcePath: `/${area.name}`,
    apis: paths.map((path) => ({
      path: path.replaceAll('*}', '}'),
      operations: area.routes.filter((route) => route.path === path).map(operation),
    })),
    models: Object.fromEntries(Object.entries(MODELS).map(([name, fields]) => [name, modelOf(name, fields)])),
  };
}

function operation(route: Route): unknown {
  return {
    method: route.method,
    summary: route.summary,
    type: typeName(route.reply),
    ...(route.reply.kind === 'array' && { items: { type: typeName(route.reply.of) } }),
    nickname: `${route.method.toLowerCase()}${route.path.replaceAll(/[^A-Za-z]+/g, '_').replace(/_$/, '')}`,
    parameters: route.parameters.map((parameter) => ({
      name: parameter.name,
      description: parameter.summary,
      required: parameter.isRequired,
      allowMultiple: route.path.includes(`{${parameter.name}*}`),
      type: parameter.type === 'integer' ? 'long' : parameter.type,
      paramType: parameter.where,
      ...(parameter.choices && { enum: parameter.choices }),
    })),
  };
}

function typeName(reply: ReplyType): string {
  if (reply.kind === 'object') return reply.model;
  if (reply.kind === 'empty') return 'void';
  return reply.kind === 'bytes' ? 'file' : reply.kind;
}

function modelOf(name: string, fields: Readonly<Record<string, Field>>): unknown {
  const properties = Object.entries(fields).map(([field, type]) => [
    field,
    typeof type === 'object' ? { type: 'array', items: { type: type.array } } : { type },
  ]);
  return { id: name, properties: Object.fromEntries(properties) };
}
