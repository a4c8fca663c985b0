import { inArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database, TenantRealm } from '#server/database/realms.ts'
import { isStatementRefused } from '#server/database/errors.ts'
import { withDatabase } from '#server/database/with-database.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { alphabetical } from '#server/domain/lib/list-query.ts'
import { wordsOf } from '#server/domain/lib/search.ts'
import { matchesUsers, searchWords } from '#server/domain/users/query.ts'
import type { FoundPerson } from '#shared/answers/support.ts'
import { soughtText } from '#shared/schemas/fields.ts'

/** The people whom an answer names at most, and those of one organisation. */
const most = 50
const mostOfOne = 10
/** Organisations that are searched at the same time. */
const parallel = 4

/** One letter would find everyone. */
export const peopleQuery = z.object({
  search: soughtText(150).refine(
    text => wordsOf(text).some(word => [...word].length >= 3),
    'Enter at least three characters.',
  ),
})

type Place = FoundPerson['organization'] & { schema: string }

/**
 * Finds people by name or address in all organisations, for an operator. The search is recorded. It has connections
 * of its own, which end with it: PostgreSQL keeps some memory for every tenant's tables.
 * @returns the first matches, by organisation
 */
export async function findPeople(
  app: App,
  { search }: z.output<typeof peopleQuery>,
  audit: AuditContext,
): Promise<FoundPerson[]> {
  const { platform } = app.database
  const places = await readPlaces(app)
  const found = await searchAll(app, places, search)
  await recordAudit(platform.db, platform, audit, {
    action: 'people.searched',
    details: { search, found: found.length },
  })
  return found
}

function readPlaces({ database: { platform } }: App): Promise<Place[]> {
  const { tenants } = platform.tables
  return platform.db
    .select({ id: tenants.id, name: tenants.name, subdomain: tenants.subdomain, schema: tenants.schema })
    .from(tenants)
    .where(inArray(tenants.status, ['active', 'suspended', 'deleting']))
    .orderBy(alphabetical(tenants.name), tenants.id)
}

function searchAll(app: App, places: Place[], search: string): Promise<FoundPerson[]> {
  const slots = {
    size: parallel,
    statementTimeout: 10_000,
    applicationName: 'tenantry-finder',
  }
  return withDatabase(app, slots, async database => {
    const found: FoundPerson[] = []
    for (let at = 0; at < places.length && found.length < most; at += parallel) {
      const searched = places.slice(at, at + parallel).map(place => searchOne(database, place, search))
      found.push(...(await Promise.all(searched)).flat())
    }
    return found.slice(0, most)
  })
}

async function searchOne(database: Database, { schema, ...organization }: Place, search: string) {
  const rows = await readMatches(database.tenant(schema), search).catch((error: unknown) => {
    // A schema that was dropped, or is older than this program, must not fail the others.
    if (isStatementRefused(error)) return []
    throw error
  })
  return rows.map(row => ({ ...row, organization }))
}

function readMatches({ db, schema, tables: { users } }: TenantRealm, search: string) {
  const { id, email, first_name, last_name, role, is_active } = users
  return db
    .select({ id, email, first_name, last_name, role, is_active })
    .from(users)
    .where(matchesUsers(schema, searchWords(search), [sql`${users.search}`]))
    .orderBy(alphabetical(last_name), alphabetical(first_name), id)
    .limit(mostOfOne)
}
