import { randomInt } from 'node:crypto'

const schemaName = /^t_[a-z0-9_]{3,61}$/

/**
 * Names a new tenant's schema after its first subdomain, for people who look at the database, with six random
 * characters, so that a name is never reused.
 * @param subdomain a valid one, 2 to 40 characters
 */
export function newSchemaName(subdomain: string): string {
  const suffix = Array.from({ length: 6 }, () => randomInt(36).toString(36)).join('')
  return requireSchemaName(`t_${subdomain.replaceAll('-', '_')}_${suffix}`)
}

/**
 * The only check before a schema's name becomes part of a statement: drizzle quotes identifiers, but accepts NUL and
 * names longer than PostgreSQL's 63 bytes.
 * @throws Error when the name is not one of ours
 */
export function requireSchemaName(name: string): string {
  if (!schemaName.test(name)) throw new Error("Not the name of a tenant's schema.")
  return name
}
