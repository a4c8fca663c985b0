import { and, asc, desc, eq, gt, inArray, or, sql } from 'drizzle-orm'
import type { Db, PlatformRealm } from '#server/database/realms.ts'
import { requireSchemaName } from '#server/database/schema-names.ts'
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

/** Each schema's table adds to the statement's plan and locks. */
const batch = 100

/**
 * Finds the active organisations in which an address belongs to an active user. It reads all tenants once for any
 * number of addresses, in the background only. It uses a separate connection that ends with it: PostgreSQL keeps some
 * 50 kB for each tenant's tables, and a request's connection would keep that for half an hour.
 * @returns the organisations by address, without unknown addresses
 */
export async function findMemberships(
  { config, databaseUrl }: App,
  addresses: string[],
): Promise<Map<string, Membership[]>> {
  const slots = {
    size: 1,
    prepare: config.dbPrepare,
    statementTimeout: 30_000,
    applicationName: 'tenantry-finder',
  }
  const found = new Map<string, Membership[]>()
  await withDatabase(databaseUrl, slots, async ({ platform }) => {
    let last: string | undefined
    do last = await searchBatch(platform, addresses, last, found)
    while (last !== undefined)
  })
  return found
}

/**
 * Searches the next tenants, by their ids, in a separate transaction: one transaction cannot lock thousands of tables.
 * @returns the last tenant's id, or undefined if there are no more
 */
function searchBatch(
  platform: PlatformRealm,
  addresses: string[],
  last: string | undefined,
  found: Map<string, Membership[]>,
): Promise<string | undefined> {
  return platform.transaction(async tx => {
    const rows = await readActive(tx, platform, last)
    const present = rows.filter(({ users }) => users !== null)
    const byTable = new Map(present.map(({ users, membership }) => [users, membership]))
    for (const { users, email } of await readMembers(tx, present, addresses))
      found.set(email, [...(found.get(email) ?? []), byTable.get(users)!])
    return rows.length < batch ? undefined : rows.at(-1)!.id
  })
}

function readActive(tx: Db, { tables: { tenants } }: PlatformRealm, last: string | undefined) {
  return tx
    .select({
      id: tenants.id,
      schema: tenants.schema,
      membership: { name: tenants.name, subdomain: tenants.subdomain, primary_domain: primaryDomain(tenants) },
      // Null where a schema was dropped by hand, which must not fail the others.
      users: sql<string | null>`to_regclass(${tenants.schema} || '.users')::oid::text`,
    })
    .from(tenants)
    .where(and(eq(tenants.status, 'active'), last === undefined ? undefined : gt(tenants.id, last)))
    .orderBy(asc(tenants.id))
    .limit(batch)
}

/** @returns which of the addresses are in which table of users */
async function readMembers(tx: Db, tenants: { schema: string }[], addresses: string[]) {
  if (tenants.length === 0) return []
  // Not as a parameter: a statement without any is not kept prepared, which for hundreds of tables would fill the
  // connection's memory.
  await tx.execute(sql`select set_config('tenantry.addresses', ${JSON.stringify(addresses)}, true)`)
  const queries = tenants.map(({ schema }) => membersOf(schema))
  return tx.execute<{ users: string; email: string }>(sql.join(queries, sql` union all `))
}

function membersOf(schema: string) {
  return sql`
    select tableoid::text as users, email from ${sql.identifier(requireSchemaName(schema))}.users
    where is_active and email = any(array(select json_array_elements_text(current_setting('tenantry.addresses')::json)))`
}
