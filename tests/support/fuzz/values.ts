import fc from 'fast-check'
import { sampleText } from '../data/samples.ts'

/** A schema of the OpenAPI document. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  pattern?: string
  minimum?: number
  maximum?: number
  maxLength?: number
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
}

/** Ids that exist, for fields that take one. */
export type Pool = string[]

/** Texts that break careless code: empty, unusual, long, or special to some parser. */
const oddTexts = [
  '',
  ' ',
  '\0',
  'abc\0def',
  '\uFEFF',
  '\uD800',
  '\u202Eabc',
  'ﷺ'.repeat(200),
  'e\u0301'.repeat(100),
  '👩‍👩‍👧‍👦'.repeat(50),
  'İSTANBUL',
  'a\r\nSet-Cookie: x=1',
  '%00',
  '%',
  '../../etc/passwd',
  "' or 1=1 --",
  '{{7*7}}${7*7}',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  '0001-01-01',
  '+275760-09-13T00:00:00.000Z',
  '9999-12-31T23:59:59-23:59',
  '1e309',
  '-0',
  'NaN',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  'x'.repeat(254),
  'x'.repeat(100_000),
  `${'x'.repeat(64)}@${'y.'.repeat(90)}example.com`,
]

const oddNumbers = [0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324]

/** Any text that a careless client or an attacker sends. */
export const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
)

/** Any value of JSON, of every type, also deep and large ones. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: anyText },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], { a: 1 }) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...oddNumbers) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3_000 }).map(length => Array.from({ length }, (_, i) => i)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 90 }).map(nested) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
)

/** A list in a list in a list. */
function nested(depth: number): unknown {
  return depth === 0 ? [] : [nested(depth - 1)]
}

/** Values that mostly match a schema, for a field of this name. */
export function valueOf(schema: JsonSchema, name: string, pool: Pool): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(one => valueOf(one, name, pool)))
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.pattern?.startsWith('^[0-9a-f]{8}') || schema.format === 'uuid') return fc.constantFrom(...pool)
  const types = [schema.type ?? 'string'].flat()
  return fc.oneof(...types.map(type => ofType(type, schema, name, pool)))
}

function ofType(type: string, schema: JsonSchema, name: string, pool: Pool): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? -1_000, max: Math.min(schema.maximum ?? 1_000, 2 ** 31) })
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, name, pool), { maxLength: 4 })
    case 'object':
      return objectOf(schema, pool)
    default:
      return fc.oneof(
        // A different one each time, since many must be unique.
        fc.nat().map(() => sampleText(name)),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: Math.min(schema.maxLength ?? 40, 200) }),
      )
  }
}

/** Objects with most fields valid, and now and then one that is missing, wrong or unknown. */
export function objectOf({ properties = {}, required = [] }: JsonSchema, pool: Pool): fc.Arbitrary<object> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const valid = valueOf(schema, name, pool)
    return [name, fc.oneof({ weight: 6, arbitrary: valid }, { weight: 1, arbitrary: anyValue })] as const
  })
  const known = fc.record(Object.fromEntries(fields), { requiredKeys: required })
  const unknown = fc.dictionary(anyText, anyValue, { maxKeys: 2 })
  return fc
    .tuple(known, fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: unknown }))
    .map(([some, others]) => ({ ...others, ...some }))
}
