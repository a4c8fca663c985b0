import { z } from 'zod'
import { newId } from '#server/database/ids.ts'

type Body = Record<string, unknown>

let count = 0

/** Texts that a field takes by its name, another one each time where no two may be the same. */
const texts: [name: RegExp, text: () => string][] = [
  [/email$/, () => `sample${++count}@example.com`],
  [/^subdomain$/, () => `sample-${++count}`],
  [/^host$/, () => `sample${++count}.example.com`],
  [/phone/, () => '+44 20 7946 0000'],
  [/color$/, () => '#112233'],
  [/password$/, () => 'an unlikely row of words'],
  [/^(?:user|department|tenant)$/, newId],
  [/(?:)/, () => `Sample ${++count}`],
]

/**
 * Finds out how to make bodies that the schema takes, with as many of its fields as go together.
 * @param known values by their names, such as ids of what is there
 * @param field one that must be among them
 * @returns what makes one, another each time
 * @throws Error where none is taken: a field of a new kind wants a line above
 */
export function sampler(schema: z.ZodObject, known: Body = {}, field?: string): () => Body {
  const makers = Object.entries(makersOf(schema))
  const make = (without?: string) =>
    repeated(
      Object.fromEntries(
        makers
          .filter(([name]) => name !== without)
          .map(([name, maker]) => [name, name in known ? known[name] : maker()]),
      ),
    )
  // Of some fields a body has one or the other.
  const without = [undefined, ...Object.keys(schema.shape).filter(name => name !== field)].find(
    name => schema.safeParse(make(name)).success,
  )
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

// Whatever is asked for twice is the same twice.
function repeated(body: Body): Body {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, name.startsWith('re_') ? body[name.slice(3)] : value]),
  )
}

function makerOf(type: z.ZodType, name: string): () => unknown {
  const json = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' })
  const first = (json.anyOf?.[0] ?? json) as typeof json
  if (json.default !== undefined) return () => json.default
  // Where there need be no password, hashing one would only take time.
  if (name === 'password' && (type as z.ZodType).safeParse(null).success) return () => null
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
      return texts.find(([pattern]) => pattern.test(name))![1]
  }
}
