import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { PlatformRealm } from '#server/database/realms.ts'
import { createDatabase } from '#server/database/realms.ts'
import { requireSchemaName } from '#server/database/schema-names.ts'
import { createSlots } from '#server/database/slots/slots.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueSiteMail } from '#server/domain/mail/outbox.ts'
import type { Language } from '#shared/dates.ts'
import { primaryDomain } from './origins.ts'

export interface Membership {
  name: string
  subdomain: string
  primary_domain: string | null
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
  const { platform, end } = createDatabase(
    createSlots(databaseUrl, {
      size: 1,
      prepare: config.dbPrepare,
      statementTimeout: 30_000,
      applicationName: 'tenantry-finder',
    }),
  )
  const found = new Map<string, Membership[]>()
  try {
    let last: string | undefined
    do last = await searchBatch(platform, addresses, last, found)
    while (last !== undefined)
  } finally {
    await end()
  }
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
  const { tenants } = platform.tables
  return platform.transaction(async tx => {
    const rows = await tx
      .select({
        id: tenants.id,
        name: tenants.name,
        subdomain: tenants.subdomain,
        primary_domain: primaryDomain(tenants),
        schema: tenants.schema,
        // Null if a schema was dropped by hand, which must not make the others fail.
        users: sql<string | null>`to_regclass(${tenants.schema} || '.users')::oid::text`,
      })
      .from(tenants)
      .where(and(eq(tenants.status, 'active'), last === undefined ? undefined : gt(tenants.id, last)))
      .orderBy(asc(tenants.id))
      .limit(batch)
    const present = rows.filter(({ users }) => users !== null)
    if (present.length > 0) {
      // Not a parameter: a statement without parameters is not kept prepared, and hundreds of prepared tables would
      // fill the connection's memory.
      await tx.execute(sql`select set_config('tenantry.addresses', ${JSON.stringify(addresses)}, true)`)
      const members = await tx.execute<{ users: string; email: string }>(
        sql.join(
          present.map(({ schema }) => membersOf(schema)),
          sql` union all `,
        ),
      )
      const byTable = new Map(
        present.map(({ users, name, subdomain, primary_domain }) => [users, { name, subdomain, primary_domain }]),
      )
      for (const { users, email } of members) found.set(email, [...(found.get(email) ?? []), byTable.get(users)!])
    }
    return rows.length < batch ? undefined : rows.at(-1)!.id
  })
}

function membersOf(schema: string) {
  return sql`
    select tableoid::text as users, email from ${sql.identifier(requireSchemaName(schema))}.users
    where is_active and email = any(array(select json_array_elements_text(current_setting('tenantry.addresses')::json)))`
}
