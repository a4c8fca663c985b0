import fc from 'fast-check'
import { formOf } from '../browser/form.ts'
import type { Call } from '../http.ts'
import type { Operation } from './document.ts'
import type { JsonSchema, Pool } from './values.ts'
import { anyText, anyValue, objectOf, valueOf } from './values.ts'

/** A request to an operation, by one of the callers. */
export interface FuzzRequest extends Call {
  path: string
  caller: string
}

/** What requests are made of. */
export interface Material {
  pool: Pool
  /** Names of archives, hosts and jobs, for parameters that are no ids. */
  names: string[]
  /** Names of the callers; the first ones more often. */
  callers: string[]
  picture: Buffer
}

/** Requests to an operation: most of them valid in all but one respect. */
export function requestsTo(operation: Operation, material: Material): fc.Arbitrary<FuzzRequest> {
  const { method } = operation
  return fc
    .record({
      path: pathOf(operation, material),
      query: queryOf(operation, material.pool),
      content: bodyOf(operation, material),
      headers: headers(operation),
      caller: fc
        .nat({ max: 2 ** 20 })
        .map(n => material.callers[Math.min(trailingZeros(n), material.callers.length - 1)]!),
    })
    .map(({ path, query, content, headers, caller }) => ({
      method,
      path: path + query,
      caller,
      sameOrigin: true,
      ...content,
      headers: { ...content.headers, ...headers },
    }))
}

// Halves the share of each caller after the first.
function trailingZeros(n: number): number {
  return n === 0 ? 0 : 31 - Math.clz32(n & -n)
}

function pathOf({ path }: Operation, { pool, names }: Material): fc.Arbitrary<string> {
  const parts = path.split(/(\{\w+\})/).map(part => {
    const odd = anyText.map(text => encoded(text.slice(0, 500)))
    const known = { weight: 8, arbitrary: fc.constantFrom(...pool) }
    if (part === '{id}') return fc.oneof(known, { weight: 1, arbitrary: fc.uuid() }, { weight: 1, arbitrary: odd })
    if (part.startsWith('{')) return fc.oneof(fc.constantFrom(...names), odd)
    return fc.constant(part)
  })
  return fc.tuple(...parts).map(texts => texts.join(''))
}

function queryOf({ parameters }: Operation, pool: Pool): fc.Arbitrary<string> {
  const known = parameters.filter(one => one.in === 'query')
  const pairs = known.map(({ name, schema }) =>
    fc.tuple(fc.constant(name), fc.oneof(valueOf(schema, name, pool).map(String), anyText)),
  )
  const unknown = fc.tuple(anyText, anyText)
  const pair =
    pairs.length > 0
      ? fc.oneof({ weight: 9, arbitrary: fc.oneof(...pairs) }, { weight: 1, arbitrary: unknown })
      : unknown
  // Repeated parameters too.
  return fc.array(pair, { maxLength: known.length > 0 ? 3 : 1 }).map(list => {
    const texts = list.map(([name, value]) => `${encoded(name.slice(0, 500))}=${encoded(value.slice(0, 2_000))}`)
    return texts.length > 0 ? `?${texts.join('&')}` : ''
  })
}

function bodyOf({ method, body }: Operation, { pool, picture }: Material): fc.Arbitrary<Call> {
  if (body?.type === 'multipart/form-data') return pictures(picture)
  if (body?.type === 'text/csv') return csv
  if (!body) return method === 'GET' ? fc.constant({}) : fc.oneof(fc.constant({}), jsonOf({}, pool))
  return jsonOf(body.schema, pool)
}

function jsonOf(schema: JsonSchema, pool: Pool): fc.Arbitrary<Call> {
  const objects = schema.anyOf ? fc.oneof(...schema.anyOf.map(one => objectOf(one, pool))) : objectOf(schema, pool)
  return fc.oneof(
    { weight: 10, arbitrary: objects.map(body => ({ body })) },
    { weight: 1, arbitrary: anyValue.map(value => ({ body: JSON.stringify(value) })) },
    { weight: 1, arbitrary: fc.tuple(objects, anyValue).map(([object, value]) => ({ body: repeated(object, value) })) },
    { weight: 1, arbitrary: fc.constantFrom(...brokenTexts).map(body => ({ body })) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map(body => ({ body })) },
  )
}

/** JSON in which each key of an object occurs twice. */
function repeated(object: object, value: unknown): string {
  const members = Object.entries(object).flatMap(([key, own]) =>
    [own, value].map(one => `${JSON.stringify(key)}:${JSON.stringify(one)}`),
  )
  return `{${members.join()}}`
}

const brokenTexts = [
  '',
  '{',
  '{"a":}',
  '{"email":"a@example.com"',
  '[1,]',
  'nul',
  '\uFEFF{}',
  '{"a":"\\ud800"}',
  '{"__proto__":{"role":"Admin"},"constructor":{"prototype":{}}}',
  '{"a":1e999}',
  '['.repeat(50_000),
  '{"a":'.repeat(20_000),
  `{"a":"${'x'.repeat(1_100_000)}"}`,
  `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":0`).join()}}`,
]

function pictures(picture: Buffer): fc.Arbitrary<Call> {
  const content = fc.oneof(
    fc.constant<Uint8Array>(picture),
    fc.uint8Array({ maxLength: 500 }),
    fc.nat({ max: picture.length }).map(end => picture.subarray(0, end)),
  )
  const part = fc.record({ name: fc.oneof(fc.constantFrom('photo', 'logo'), anyHeader), content })
  return fc.oneof(
    fc.array(part, { maxLength: 2 }).map(parts => formOf(parts)),
    content.map(body => ({ body, headers: { 'content-type': 'image/png' } })),
  )
}

const cell = fc.oneof(
  anyText.map(text => text.slice(0, 2_000)),
  fc.constantFrom('a@example.com', 'Admin', '=1+1', '"'),
)

const csv: fc.Arbitrary<Call> = fc
  .array(fc.array(cell, { minLength: 1, maxLength: 6 }), { maxLength: 6 })
  .map(rows => ['email,first_name,role,department,is_active', ...rows.map(row => row.join())].join('\n'))
  .map(body => ({ body, headers: { 'content-type': 'text/csv' } }))

// Node.js's client refuses control characters in headers.
const anyHeader = anyText.map(text => text.replaceAll(/[^\x20-\x7E]/g, '?').slice(0, 500))

function headers({ parameters }: Operation): fc.Arbitrary<Record<string, string>> {
  const names = [
    'accept-language',
    'user-agent',
    'content-type',
    'x-request-id',
    ...parameters.filter(one => one.in === 'header').map(({ name }) => name),
  ]
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...names), anyHeader, { maxKeys: 2 }) },
  )
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
