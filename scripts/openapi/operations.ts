import type { z } from 'zod'
import type { Surface } from '#shared/types/surface.ts'
import type { Route } from '../../tests/support/routes.ts'
import { errorsOf } from './errors.ts'
import { exampleOf } from './examples.ts'
import type { JsonSchema, SharedSchemas } from './schemas.ts'
import { callersOf } from './callers.ts'
import { tagOf } from './tags.ts'

/** An operation of the document. */
export function operationOf(route: Route, surface: Surface, shared: SharedSchemas): JsonSchema {
  const { method, path, summary, access } = route
  const requestBody = requestBodyOf(route, shared)
  return {
    operationId: operationIdOf(method, path),
    summary,
    ...describe(route, surface),
    tags: [tagOf(path)],
    security: access === 'public' ? [] : [{ bearer: [] }, { cookie: [] }],
    parameters: [...pathParameters(path), ...queryParameters(route, shared), ...headerParameters(route)],
    ...(requestBody && { requestBody }),
    responses: { ...successOf(route, shared), ...errorsOf(route) },
  }
}

function describe({ access, comment, reauthentication }: Route, surface: Surface): { description?: string } {
  const isAsked = reauthentication === 'console' ? surface === 'console' : reauthentication
  const description = [
    comment,
    access && access !== 'public' && callersOf(access, surface),
    isAsked && 'Needs reauthentication.',
  ]
    .filter(Boolean)
    .join(' ')
  return description ? { description } : {}
}

/** Such as `getUsersById`. */
function operationIdOf(method: string, path: string): string {
  const words = path
    .replace(/^\/api\/v1\//, '')
    .replaceAll(/\[(\w+)\]/g, 'by-$1')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  return method.toLowerCase() + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function pathParameters(path: string): JsonSchema[] {
  return [...path.matchAll(/\[(\w+)\]/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'id' ? { type: 'string', format: 'uuid' } : { type: 'string' },
  }))
}

const described: Record<string, string> = {
  page: 'The page, from 1.',
  page_size: 'Rows on a page, at most 100; 25 by default.',
  ordering: 'The fields to order by, separated by commas; with a minus, in descending order.',
}

function queryParameters({ query }: Route, { toJson }: SharedSchemas): JsonSchema[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...json } = toJson(schema as z.ZodType, 'input')
    const searches = (schema as z.ZodType).meta()?.searches as string[] | undefined
    const text = description ?? described[name] ?? (searches && `Words that occur in ${searches.join(', ')}.`)
    delete json.searches
    return {
      name,
      in: 'query',
      ...(text ? { description: text } : {}),
      required: !(schema as z.ZodType).safeParse(undefined).success,
      // What a parameter is, is always sent as a text.
      schema: Object.keys(json).length > 0 ? json : { type: 'string' },
    }
  })
}

const idempotencyKey: JsonSchema = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Such as a UUID. With the same key, the request is done once in 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 257 },
}

function headerParameters({ method, answer, idempotency }: Route): JsonSchema[] {
  if (idempotency) return [idempotencyKey]
  if (!answer || (method !== 'PATCH' && method !== 'PUT')) return []
  return [
    {
      name: 'If-Match',
      in: 'header',
      description: 'The `etag` of the resource that the change is based on. If it is another one by now: 412.',
      schema: { type: 'string' },
    },
  ]
}

function requestBodyOf({ bodies, carries }: Route, { toJson, used }: SharedSchemas): JsonSchema | undefined {
  if (carries === 'csv') return { required: true, content: { 'text/csv': { schema: { type: 'string' } } } }
  if (carries === 'form')
    return {
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            type: 'object',
            description: 'One picture: JPEG, PNG or WebP.',
            additionalProperties: { type: 'string', contentMediaType: 'application/octet-stream' },
          },
        },
      },
    }
  if (bodies.length === 0) return undefined
  const schemas = bodies.map(body => toJson(body, 'input'))
  const schema = schemas.length === 1 ? schemas[0]! : { anyOf: schemas }
  return { required: true, content: { 'application/json': { schema, example: exampleOf(schemas[0]!, '', used) } } }
}

const successes: Record<number, string> = { 201: 'Created.', 202: 'Accepted.', 204: 'Done.' }

function successOf({ status, answer, sends }: Route, { toJson, used }: SharedSchemas): JsonSchema {
  const description = successes[status] ?? 'Success.'
  if (sends) return { [status]: { description, content: { [sends]: { schema: { type: 'string' } } } } }
  if (!answer) return { [status]: { description } }
  const schema = toJson(answer, 'output')
  return {
    [status]: { description, content: { 'application/json': { schema, example: exampleOf(schema, '', used) } } },
  }
}
