/** OpenAPI 3.0 of all routes, at /openapi.json. */
import { OSV_VERSION } from '../version.ts';
import { MODELS, OPTIONAL_FIELDS, type Field } from './models.ts';
import type { Parameter, ReplyType, Route } from './route.ts';
import { AREAS } from './router.ts';

type Json = Record<string, unknown>;

export function openApi(): Json {
  const paths: Record<string, Json> = {};
  for (const area of AREAS) {
    for (const route of area.routes) {
      const path = route.path.replaceAll('*}', '}');
      (paths[path] ??= {})[route.method.toLowerCase()] = operation(area.name, route);
    }
  }
  return {
    openapi: '3.0.3',
    info: { title: 'OSv', version: OSV_VERSION, description: 'Management of a machine that runs OSv' },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(MODELS).map(([name, model]) => [name, schemaOf(name, model)])),
    },
  };
}

function operation(area: string, route: Route): Json {
  return {
    tags: [area],
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^A-Za-z]+(\w)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '')}`,
    ...(route.isOurs && { 'x-osv-extension': true }),
    parameters: route.parameters.map(parameter),
    responses: { 200: { description: 'OK', ...content(route.reply) }, default: errorResponse },
  };
}

const errorResponse: Json = {
  description: 'What went wrong',
  content: { 'application/json': { schema: reference('Error') } },
};

function parameter({ name, where, type, isRequired, summary, choices }: Parameter): Json {
  return {
    name,
    in: where,
    required: isRequired,
    description: summary,
    schema: { type, ...(choices && { enum: choices }) },
  };
}

function content(reply: ReplyType): Json {
  if (reply.kind === 'empty') return {};
  if (reply.kind === 'bytes') return { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };
  return { content: { 'application/json': { schema: replySchema(reply) } } };
}

function replySchema(reply: ReplyType): Json {
  if (reply.kind === 'array') return { type: 'array', items: replySchema(reply.of) };
  if (reply.kind === 'object') return reference(reply.model);
  return reply.kind === 'long' ? { type: 'integer', format: 'int64' } : { type: 'string' };
}

function schemaOf(name: string, model: Readonly<Record<string, Field>>): Json {
  return {
    type: 'object',
    required: Object.keys(model).filter((field) => !OPTIONAL_FIELDS.has(`${name}.${field}`)),
    properties: Object.fromEntries(Object.entries(model).map(([field, type]) => [field, fieldSchema(type)])),
  };
}

function fieldSchema(field: Field): Json {
  if (typeof field === 'object') {
    return { type: 'array', items: field.array in MODELS ? reference(field.array) : { type: field.array } };
  }
  if (field === 'long') return { type: 'integer', format: 'int64' };
  return field === 'float' ? { type: 'number' } : { type: field };
}

function reference(model: string): Json {
  return { $ref: `#/components/schemas/${model}` };
}
