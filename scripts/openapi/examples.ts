import type { JsonSchema } from './schemas.ts'

/** Texts for fields, by their names. */
const texts: [name: RegExp, text: string][] = [
  [/^email$|_email$|^recipient$/, 'ann@example.com'],
  [/^first_name$/, 'Ann'],
  [/^last_name$/, 'Archer'],
  [/^subdomain$/, 'acme'],
  [/^name$/, 'Acme Ltd'],
  [/^access$|^refresh$|^token$/, 'eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl'],
  [/password$/, 'violet harbour at dawn'],
  [/phone/, '+44 20 7946 0000'],
  [/color$/, '#0f766e'],
  [/^host$|domain$/, 'staff.example.org'],
  [/^employee_id$/, 'E-1042'],
  [/^etag$/, '"5f1d7e0c2b9a4c68"'],
  [/^day$/, '2026-11-29'],
  [/url$|^next$|^previous$|link$|^photo$|^logo$/, 'https://acme.example.com/'],
]

/** @param all the shared schemas that it may refer to */
export function withExample(schema: JsonSchema, all: Record<string, JsonSchema>): JsonSchema {
  return schema.type === 'object' && schema.properties ? { ...schema, examples: [exampleOf(schema, '', all)] } : schema
}

/** Makes an example of a schema. @param field its name, where it is a field of another one */
export function exampleOf(schema: JsonSchema, field = '', schemas: Record<string, JsonSchema> = {}): unknown {
  const fixed = fixedValue(schema)
  if (fixed !== undefined) return fixed
  const [first] = (schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []) as JsonSchema[]
  if (first) return exampleOf(first, field, schemas)
  if (typeof schema.$ref === 'string') {
    const target = schemas[schema.$ref.split('/').at(-1)!]
    return target ? exampleOf(target, field, schemas) : {}
  }
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([name, part]) => [
          name,
          exampleOf(part, name, schemas),
        ]),
      )
    case 'array':
      return schema.items ? [exampleOf(schema.items as JsonSchema, field, schemas)] : []
    case 'integer':
    case 'number':
      return Math.max(1, Number(schema.minimum ?? 1))
    case 'boolean':
      return true
    case 'string':
      return textFor(schema, field)
    default:
      return null
  }
}

function fixedValue({ const: only, enum: choices, default: usual }: JsonSchema): unknown {
  return only ?? (choices as unknown[] | undefined)?.[0] ?? usual
}

function textFor({ format, pattern }: JsonSchema, field: string): string {
  if (format === 'uuid' || format === 'guid' || String(pattern).startsWith('^[0-9a-f]{8}-'))
    return '01940000-0000-7000-8000-000000000001'
  if (format === 'date-time') return '2026-11-29T09:30:00.000Z'
  return texts.find(([name]) => name.test(field))?.[1] ?? 'text'
}
