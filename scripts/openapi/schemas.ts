import { z } from 'zod'

export type JsonSchema = Record<string, unknown>

/** Schemas that several operations share, by their names in the document. */
export interface SharedSchemas {
  /** @returns the schema of what is sent, or of what is answered, where shared ones are references */
  toJson(schema: z.ZodType, io: 'input' | 'output'): JsonSchema
  /** All shared schemas that were referred to. */
  used: Record<string, JsonSchema>
}

/**
 * @param named the schemas that are shared, by name: all of `shared/answers`
 */
export function createSharedSchemas(named: Map<string, z.ZodType>): SharedSchemas {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of named) registry.add(schema, { id })
  const used: Record<string, JsonSchema> = {}
  return {
    used,
    toJson(schema, io) {
      const made = z.toJSONSchema(schema, { io, metadata: registry, unrepresentable: 'any', override: describe })
      const { $defs = {}, $schema, ...own } = renamed(made) as JsonSchema
      for (const [name, definition] of Object.entries($defs as Record<string, JsonSchema>))
        used[name] ??= withoutId(definition)
      return withoutId(own)
    },
  }
}

/** The names and the schemas of everything that `shared/answers` exports, such as `userAnswer` as `User`. */
export function namesOf(modules: Record<string, unknown>[]): Map<string, z.ZodType> {
  const exported = modules.flatMap(module => Object.entries(module))
  const schemas = exported.filter((entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType)
  return new Map(schemas.map(([name, schema]) => [capitalised(name.replace(/Answer$/, '')), schema]))
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** zod has no JSON Schema for times, which are texts on the wire. */
function describe({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }): void {
  if ((zodSchema._zod.def as { format?: string }).format === 'datetime') jsonSchema.format = 'date-time'
  // Its pattern says the same, at length.
  if (jsonSchema.format) delete jsonSchema.pattern
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === '$ref' ? (part as string).replace('#/$defs/', '#/components/schemas/') : renamed(part),
    ]),
  )
}

function withoutId({ id, ...schema }: JsonSchema): JsonSchema {
  return schema
}
