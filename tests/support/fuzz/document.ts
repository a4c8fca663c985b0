import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Surface } from '#shared/types/surface.ts'
import type { Answer } from '../http.ts'
import type { JsonSchema } from './values.ts'

/** An operation of the published OpenAPI document. */
export interface Operation {
  /** Such as `PATCH /api/v1/users/{id}/`. */
  name: string
  surface: Surface
  method: string
  path: string
  parameters: { name: string; in: string; schema: JsonSchema }[]
  body: { type: string; schema: JsonSchema } | undefined
  /** @returns what in an answer is not as documented */
  faultOf: (answer: Pick<Answer, 'status' | 'headers' | 'text'>) => string | undefined
}

type Content = Record<string, { schema: JsonSchema }>

interface Document {
  paths: Record<string, Record<string, RawOperation>>
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, { content?: Content }> }
}

interface RawOperation {
  parameters: Operation['parameters']
  requestBody?: { content: Content }
  responses: Record<string, { $ref?: string; content?: Content }>
}

/** Reads every operation of the document of a surface. */
export function readOperations(surface: Surface): Operation[] {
  const document = JSON.parse(readFileSync(`docs/openapi/${surface}.json`, 'utf8')) as Document
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => operationOf(surface, document, path, method.toUpperCase(), raw)),
  )
}

function operationOf(
  surface: Surface,
  document: Document,
  path: string,
  method: string,
  { parameters, requestBody, responses }: RawOperation,
): Operation {
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  const checks = new Map(
    Object.entries(responses).map(([status, response]) => [
      Number(status),
      checkOf(document, contentOf(document, response)),
    ]),
  )
  return {
    name: `${method} ${path}`,
    surface,
    method,
    path,
    parameters,
    body: content && { type: type!, schema: content.schema },
    faultOf(answer) {
      const check = checks.get(answer.status)
      return check ? check(answer) : `the status ${answer.status} is not documented`
    },
  }
}

function contentOf(
  { components }: Document,
  { $ref, content }: { $ref?: string; content?: Content },
): Content | undefined {
  return $ref ? components.responses[$ref.split('/').at(-1)!]!.content : content
}

function checkOf({ components }: Document, content: Content | undefined): Operation['faultOf'] {
  const [type, { schema } = { schema: {} }] = Object.entries(content ?? {})[0] ?? []
  if (type === undefined) return ({ text }) => (text === '' ? undefined : `there is content: ${text.slice(0, 100)}`)
  const zod = type === 'application/json' ? toZod(schema, components.schemas) : undefined
  return ({ headers, text }) => {
    if (!headers['content-type']?.startsWith(type)) return `the content type is ${headers['content-type']}`
    const { error } = zod?.safeParse(JSON.parse(text)) ?? {}
    return error && z.prettifyError(error)
  }
}

function toZod(schema: JsonSchema, schemas: Record<string, JsonSchema>): z.ZodType {
  return z.fromJSONSchema(withDefinitions({ ...schema, $defs: schemas }) as never)
}

function withDefinitions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDefinitions)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === '$ref' ? String(part).replace('#/components/schemas/', '#/$defs/') : withDefinitions(part),
    ]),
  )
}
