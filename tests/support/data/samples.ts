import { z } from 'zod'
import { newId } from '#server/database/ids.ts'

type Body = Record<string, unknown>

let count = 0

/** Valid texts for a field, by its name; different each time if the field must be unique. */
const texts: [name: RegExp, text: () => string][] = [
  [/email$/, () => `sample${++count}@example.com`],
  [/^subdomain$/, () => `sample-${++count}`],
  [/^host$/, () => `sample${++count}.example.com`],
  [/phone/, () => '+44 20 7946 0000'],
  [/color$/, () => '#112233'],
  [/password$/, () => 'an unlikely row of words'],
  [/^(?:user|department|tenant)$/, newId],
  [/^code$/, () => '123456'],
  // Of a passkey's answer.
  [/^(?:id|rawId|clientDataJSON|attestationObject|authenticatorData|signature|userHandle)$/, () => 'c2FtcGxl'],
  [/(?:)/, () => `Sample ${++count}`],
]

/** @returns a valid text for a field of this name */
export function sampleText(name: string): string {
  return texts.find(([pattern]) => pattern.test(name))![1]()
}

/**
 * Creates a generator of valid bodies for a schema, with as many of its fields as can be combined.
 * @param known values by field name, such as existing ids
 * @param field one that every body must contain
 * @returns a function that creates a different body each time
 * @throws Error if no body is valid: a new kind of field needs a line above
 */
export function sampler(schema: z.ZodObject, known: Body = {}, field?: string): () => Body {
  const makers = Object.entries(makersOf(schema))
  const make = (without: string[]) =>
    repeated(
      Object.fromEntries(
        makers
          .filter(([name]) => !without.includes(name))
          .map(([name, maker]) => [name, name in known ? known[name] : maker()]),
      ),
    )
  // Some fields exclude each other.
  const names = Object.keys(schema.shape).filter(name => name !== field)
  const pairs = names.flatMap((name, i) => names.slice(i + 1).map(other => [name, other]))
  const omissions = [[], ...names.map(name => [name]), ...pairs]
  const without = omissions.find(names => schema.safeParse(make(names)).success) ?? []
  const { error } = schema.safeParse(make(without))
  if (error) throw new Error(`No sample is good: ${error}`)
  return () => make(without)
}

const makers = new WeakMap<z.ZodObject, Record<string, () => unknown>>()

function makersOf(schema: z.ZodObject): Record<string, () => unknown> {
  const made =
    makers.get(schema) ??
    Object.fromEntries(Object.entries(schema.shape).map(([name, type]) => [name, makerOf(type as z.ZodType, name)]))
  makers.set(schema, made)
  return made
}

// A confirmation field repeats the original.
function repeated(body: Body): Body {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, name.startsWith('re_') ? body[name.slice(3)] : value]),
  )
}

function makerOf(type: z.ZodType, name: string): () => unknown {
  const json = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' })
  const first = (json.anyOf?.[0] ?? json) as typeof json
  if (json.default !== undefined) return () => json.default
  // If the password is optional, hashing one only takes time.
  if (name === 'password' && (type as z.ZodType).safeParse(null).success) return () => null
  if (first.const !== undefined) return () => first.const
  if (type instanceof z.ZodOptional && type.unwrap() instanceof z.ZodObject)
    return makerOf(type.unwrap() as z.ZodType, name)
  if (type instanceof z.ZodObject) {
    const fields = Object.entries(makersOf(type))
    return () => Object.fromEntries(fields.map(([field, maker]) => [field, maker()]))
  }
  if (first.enum) return () => first.enum![0]
  switch (first.type) {
    case 'boolean':
      return () => true
    case 'integer':
      return () => first.minimum
    case 'array':
      return () => []
    case 'null':
      return () => null
    default:
      return () => sampleText(name)
  }
}
