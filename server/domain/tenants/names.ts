import { sql } from 'drizzle-orm'
import { violatedUnique } from '#server/database/errors.ts'
import type { Db, PlatformRealm } from '#server/database/realms.ts'
import { invalid } from '#shared/errors.ts'
import { subdomainTaken } from './subdomains.ts'

/** Checks that no tenant has a name. @throws ApiError 400 on `name` */
export async function requireFreeName(db: Db, { tables: { tenants } }: PlatformRealm, name: string): Promise<void> {
  if ((await db.$count(tenants, sql`lower(${tenants.name}) = lower(${name})`)) > 0) throw nameTaken()
}

/** Turns unique violations into errors on `name` or `subdomain`. @throws ApiError 400, or what `work` throws */
export async function explainTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const unique = violatedUnique(error)
    if (unique === 'tenants_name') throw nameTaken()
    if (unique === 'tenants_subdomain') throw subdomainTaken()
    throw error
  }
}

function nameTaken() {
  return invalid({ name: ['An organisation with this name already exists.'] })
}
