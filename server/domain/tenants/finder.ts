import { and, asc, desc, eq, gt, inArray, or, sql } from 'drizzle-orm'
import { isStatementRefused } from '#server/database/errors.ts'
import type { PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import { withDatabase } from '#server/database/with-database.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueSiteMail } from '#server/domain/mail/outbox.ts'
import type { Language } from '#shared/dates.ts'
import { primaryDomain } from './origins.ts'

export interface Membership {
  name: string
  subdomain: string
  primary_domain: string | null
}

/** Finds the organisation with this public id or subdomain; a match of the public id comes first. */
export async function findOrganization(
  { database: { platform } }: App,
  by: { tenant_id?: string; subdomain?: string },
): Promise<Membership | undefined> {
  const { tenants } = platform.tables
  const isId = eq(tenants.tenant_id, by.tenant_id?.toUpperCase() ?? '')
  const isSubdomain = eq(tenants.subdomain, by.subdomain?.toLowerCase() ?? '')
  const rows = await platform.db
    .select({ name: tenants.name, subdomain: tenants.subdomain, primary_domain: primaryDomain(tenants) })
    .from(tenants)
    .where(and(or(isId, isSubdomain), inArray(tenants.status, ['active', 'suspended'])))
    .orderBy(desc(isId))
    .limit(1)
  return rows[0]
}

/**
 * Queues a mail with the organisations that know an address. Nothing is looked up here, so it takes the same time for
 * everyone.
 * @throws ApiError 429 after many requests from one address
 */
export async function mailOrganizations(
  app: App,
  { email, language }: { email: string; language: Language },
  audit: AuditContext,
): Promise<void> {
  await app.limits.countSearch(audit.ip)
  if (await app.limits.admitMail('site', email))
    await enqueueSiteMail(app.database.platform.db, { kind: 'organizations', to: email, data: { language } })
}

/** Tenants that are read from the platform at a time. */
const batch = 100

/**
 * Finds the active organisations in which an address belongs to an active user. It reads all tenants once for any
 * number of addresses, in the background only. It uses a separate connection that ends with it: PostgreSQL keeps some
 * 50 kB for each tenant's tables, and a request's connection would keep that for half an hour.
 * @returns the organisations by address, without unknown addresses
 */
export async function findMemberships(app: App, addresses: string[]): Promise<Map<string, Membership[]>> {
  // A statement that is prepared would stay in the connection's memory, for thousands of tables.
  const slots = { size: 1, prepare: false, statementTimeout: 30_000, applicationName: 'tenantry-finder' }
  const found = new Map<string, Membership[]>()
  await withDatabase(app, slots, async database => {
    let last: string | undefined
    do {
      const tenants = await readActive(database.platform, last)
      for (const { schema, membership } of tenants)
        for (const email of await readMembers(database.tenant(schema), addresses))
          found.set(email, [...(found.get(email) ?? []), membership])
      last = tenants.length < batch ? undefined : tenants.at(-1)!.id
    } while (last !== undefined)
  })
  return found
}

/** The next active tenants, by their ids. */
function readActive({ db, tables: { tenants } }: PlatformRealm, last: string | undefined) {
  return db
    .select({
      id: tenants.id,
      schema: tenants.schema,
      membership: { name: tenants.name, subdomain: tenants.subdomain, primary_domain: primaryDomain(tenants) },
    })
    .from(tenants)
    .where(and(eq(tenants.status, 'active'), last === undefined ? undefined : gt(tenants.id, last)))
    .orderBy(asc(tenants.id))
    .limit(batch)
}

/** @returns which of the addresses are of active users of the tenant */
async function readMembers({ db, tables: { users } }: TenantRealm, addresses: string[]): Promise<string[]> {
  const wanted = sql`any(array(select json_array_elements_text(${JSON.stringify(addresses)}::text::json)))`
  try {
    const rows = await db
      .select({ email: users.email })
      .from(users)
      .where(and(eq(users.is_active, true), sql`${users.email} = ${wanted}`))
    return rows.map(({ email }) => email)
  } catch (error) {
    // A schema that was dropped by hand must not fail the others.
    if (isStatementRefused(error)) return []
    throw error
  }
}
