import type { JsonSchema } from './schemas.ts'

/** A change that can break a client: of which operation, and what it is. */
export interface BreakingChange {
  operation: string
  change: string
}

interface Operation {
  operationId: string
  parameters: { name: string; in: string; required?: boolean }[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}
type Content = Record<string, { schema?: JsonSchema }>

/**
 * Finds what could break a client: operations, fields of answers or statuses of success that are gone, other types,
 * and new required input.
 */
export function breakingChanges(before: JsonSchema, after: JsonSchema): BreakingChange[] {
  const now = operationsOf(after)
  return [...operationsOf(before)].flatMap(([place, old]) => {
    const current = now.get(place)
    const changes = current ? changesOf(old, current, before, after) : [`${place} is gone`]
    return changes.map(change => ({ operation: old.operationId, change }))
  })
}

function operationsOf({ paths }: JsonSchema): Map<string, Operation> {
  return new Map(
    Object.entries(paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
    ),
  )
}

function changesOf(old: Operation, current: Operation, before: JsonSchema, after: JsonSchema): string[] {
  const required = ({ parameters }: Operation) => parameters.filter(one => one.required).map(({ name }) => name)
  return [
    ...required(current)
      .filter(name => !required(old).includes(name))
      .map(name => `the parameter ${name} is required`),
    ...old.parameters
      .filter(({ name }) => !current.parameters.some(one => one.name === name))
      .map(({ name }) => `the parameter ${name} is gone`),
    ...inputChanges(schemaIn(old.requestBody), schemaIn(current.requestBody), before, after),
    ...Object.keys(old.responses)
      .filter(status => status.startsWith('2'))
      .flatMap(status => {
        if (!current.responses[status]) return [`the status ${status} is gone`]
        return answerChanges(schemaIn(old.responses[status]), schemaIn(current.responses[status]), before, after)
      }),
  ]
}

function schemaIn(part: { content?: Content } | undefined): JsonSchema | undefined {
  return Object.values(part?.content ?? {})[0]?.schema
}

function inputChanges(
  old: JsonSchema | undefined,
  current: JsonSchema | undefined,
  before: JsonSchema,
  after: JsonSchema,
): string[] {
  if (!current) return []
  const [was, is] = [fieldsOf(old, before), fieldsOf(current, after)]
  return [
    ...[...is]
      .filter(([name, one]) => one.isRequired && !was.get(name)?.isRequired)
      .map(([name]) => `${name} is required`),
    ...[...was.keys()].filter(name => !is.has(name)).map(name => `the field ${name} of the request is gone`),
  ]
}

function answerChanges(
  old: JsonSchema | undefined,
  current: JsonSchema | undefined,
  before: JsonSchema,
  after: JsonSchema,
): string[] {
  const is = fieldsOf(current, after)
  return [...fieldsOf(old, before)].flatMap(([name, { type }]) => {
    const now = is.get(name)
    if (!now) return [`the field ${name} of the answer is gone`]
    return now.type === type ? [] : [`the field ${name} of the answer is ${now.type}, and was ${type}`]
  })
}

interface Field {
  type: string
  isRequired: boolean
}

/** The fields of a schema with those inside them, such as `results[].email`. */
function fieldsOf(schema: JsonSchema | undefined, document: JsonSchema, prefix = '', depth = 0): Map<string, Field> {
  const found = new Map<string, Field>()
  if (!schema || depth > 6) return found
  for (const part of partsOf(resolve(schema, document))) {
    const {
      properties = {},
      required = [],
      items,
    } = resolve(part, document) as {
      properties?: Record<string, JsonSchema>
      required?: string[]
      items?: JsonSchema
    }
    for (const [name, inner] of Object.entries(properties)) {
      found.set(prefix + name, { type: typeOf(inner, document), isRequired: depth === 0 && required.includes(name) })
      for (const entry of fieldsOf(inner, document, `${prefix}${name}.`, depth + 1)) found.set(...entry)
    }
    for (const entry of fieldsOf(items, document, `${prefix}[].`, depth + 1)) found.set(...entry)
  }
  return found
}

function partsOf(schema: JsonSchema): JsonSchema[] {
  return [schema, ...((schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []) as JsonSchema[])]
}

function typeOf(schema: JsonSchema, document: JsonSchema): string {
  const resolved = resolve(schema, document)
  const types = partsOf(resolved)
    .map(part => resolve(part, document).type)
    .flat()
    .filter(Boolean)
  return [...new Set(types)].sort().join(' or ')
}

function resolve(schema: JsonSchema, document: JsonSchema): JsonSchema {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1)! : undefined
  const { schemas } = document.components as { schemas: Record<string, JsonSchema> }
  return name === undefined ? schema : schemas[name]!
}
