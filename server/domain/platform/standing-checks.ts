import { ne } from 'drizzle-orm'
import { isConnectionError, isStatementRefused, isTimeout, reasonOf } from '#server/database/errors.ts'
import { readTenant, writeStanding } from '#server/database/migrations/standing.ts'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { standingOf } from '#server/domain/tenants/lifecycle/standing.ts'
import { ApiError } from '#shared/errors.ts'
import type { Check } from './check.ts'

interface Difference {
  subdomain: string
  schema: string
  /** What the platform says, and what the tenant's own schema says. */
  expected: string
  found: string | undefined
  /** Why its schema does not answer: with Citus, its machine may be away. */
  problem?: string
}

/** Whether each tenant's own schema says the same about its status as the platform does. */
export async function checkStandings(app: App): Promise<Check> {
  const differences = await findDifferences(app)
  return {
    name: 'standings',
    found: `${differences.length} differ`,
    problems: differences.map(({ subdomain, expected, found, problem }) =>
      problem === undefined
        ? `${subdomain} is ${expected}, but its schema says ${found ?? 'nothing'}. Run: tenantry doctor --repair-standings`
        : `${subdomain}'s schema does not answer: ${problem}`,
    ),
  }
}

/** Writes what the platform says into each schema that differs. @returns the subdomains */
export async function repairStandings(app: App): Promise<string[]> {
  const differences = (await findDifferences(app)).filter(({ problem }) => problem === undefined)
  for (const { schema } of differences) await app.database.platform.transaction(tx => writeStanding(tx, schema))
  return differences.map(({ subdomain }) => subdomain)
}

async function findDifferences({ database }: App): Promise<Difference[]> {
  const { db, tables, transaction } = database.platform
  const findDifference = async (realm: TenantRealm, expected: string) => {
    if ((await readStanding(realm.db, realm)) === expected) return undefined
    // It may just have changed. In a transaction, nobody changes it between the two queries.
    return transaction(tx => compare(tx, realm)).catch(unlessRefused)
  }
  const { subdomain, schema, status, maintenance_since } = tables.tenants
  const rows = await db
    .select({ subdomain, schema, status, maintenance_since })
    .from(tables.tenants)
    .where(ne(status, 'purging'))
  const differences: Difference[] = []
  for (const row of rows) {
    const realm = database.tenant(row.schema)
    const difference = await findDifference(realm, standingOf(row)).catch((error: unknown) => {
      if (!isConnectionError(error) && !isTimeout(error)) throw error
      // Of a single query, drizzle's error is around it.
      const problem = reasonOf(error instanceof ApiError ? error : (error as Error).cause)
      return { expected: standingOf(row), found: undefined, problem }
    })
    if (difference) differences.push({ subdomain: row.subdomain, schema: row.schema, ...difference })
  }
  return differences
}

async function compare(
  tx: Db,
  realm: TenantRealm,
): Promise<{ expected: string; found: string | undefined } | undefined> {
  const tenant = await readTenant(tx, realm.schema)
  const { standing } = realm.tables
  const rows = await tx.select({ state: standing.state }).from(standing)
  const found = rows[0]?.state
  return tenant && tenant.standing !== found ? { expected: tenant.standing, found } : undefined
}

async function readStanding(db: Db, { tables: { standing } }: TenantRealm): Promise<string | undefined> {
  const rows = await db.select({ state: standing.state }).from(standing).catch(unlessRefused)
  return rows?.[0]?.state
}

// Other checks report a schema that is missing, damaged, or not migrated.
function unlessRefused(error: unknown): undefined {
  if (!isStatementRefused(error)) throw error
}
