import type { PgSchema } from 'drizzle-orm/pg-core'
import { timestamp, uuid } from 'drizzle-orm/pg-core'

/**
 * Creates a table: `pgSchema(name).table` at run time, so that every query names its schema; plain `pgTable` for
 * drizzle-kit, so that its SQL names none.
 */
export type TableFactory = PgSchema['table']

export const id = () => uuid().primaryKey()
export const moment = () => timestamp({ withTimezone: true, mode: 'date' })

/**
 * An object whose properties are made when they are first read: a process knows thousands of tenants, but uses few of
 * their tables.
 */
export function lazily<Value extends object>(makers: { [Key in keyof Value]: () => Value[Key] }): Value {
  const object = {} as Value
  for (const key of Object.keys(makers) as (keyof Value)[])
    Object.defineProperty(object, key, { get: once(makers[key]), enumerable: true })
  return object
}

/** A function that makes its value once. */
export function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => (made ??= { value: make() }).value
}
