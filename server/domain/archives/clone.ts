import type { SQL } from 'drizzle-orm'
import { eq, sql } from 'drizzle-orm'
import { readTables } from '#server/database/catalog.ts'
import type { CopiedTable } from '#server/database/copy.ts'
import { copyIn, copyQuery } from '#server/database/copy.ts'
import { inLongTransaction } from '#server/database/long-transaction.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { applyMigrations } from '#server/database/migrations/runner.ts'
import { writeStanding } from '#server/database/migrations/standing.ts'
import type { Db } from '#server/database/realms.ts'
import type { TransactionClient } from '#server/database/slots/transaction.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { mailWelcome } from '#server/domain/mail/welcome.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { announceTenant, requireTenant } from '#server/domain/tenants/tenants.ts'
import { createUser } from '#server/domain/users/create.ts'
import { invalid } from '#shared/errors.ts'
import { scrubbing, treatmentOf } from './anonymize.ts'
import { createSchemaAt, clearTable, requireKnownVersion } from './load.ts'
import type { NewPlace } from './target.ts'
import { addSigningKey, findPlace, openPlace } from './target.ts'

/** The input of an operation `clone`. */
export interface CloneInput {
  place: NewPlace
  admin_email: string
  /** The Admin with this address is one of the original's, and keeps address, names and password. */
  keep_admin: boolean
  /** Whether the new Admin gets a mail with a link to choose a password. */
  by_mail: boolean
}

/**
 * The work of an operation `clone`: creates a tenant with the same departments, number of users and history, without
 * data that identifies anyone. One transaction reads one snapshot of the original, and another one writes.
 */
export async function cloneTenant(
  app: App,
  operation: OperationRow,
  report: OperationReport,
  migrations: MigrationSets,
): Promise<Record<string, unknown>> {
  const input = operation.input as unknown as CloneInput
  const before = await findPlace(app, input.place.schema)
  if (before) return before
  const source = await requireTenant(app, { id: operation.tenant! })
  return inLongTransaction(app, input.place.schema, async (tx, client) => {
    const { tenant, url } = await openPlace(tx, app, input.place)
    const to = { tx, client, schema: input.place.schema }
    await inLongTransaction(app, source.schema, async (tx, client) => {
      await tx.execute(sql`set transaction isolation level repeatable read, read only`)
      await copySchema(app, { tx, client, schema: source.schema }, to, input, report, migrations.tenant)
    })
    if (!input.keep_admin) await addAdmin(tx, app, tenant, input)
    await announceTenant(tx, tenant.id)
    report.signal.throwIfAborted()
    return { tenant: tenant.id, subdomain: tenant.subdomain, url }
  })
}

/** A transaction on a tenant's schema. */
interface End {
  tx: Db
  client: TransactionClient
  schema: string
}

async function copySchema(
  app: App,
  from: End,
  to: End,
  { keep_admin, admin_email }: CloneInput,
  report: OperationReport,
  migrations: Migration[],
): Promise<void> {
  const { tx, schema } = to
  await createSchemaAt(tx, schema, await versionOf(from, migrations))
  await copyScrubbed(from, to, keep_admin ? admin_email : null, report)
  await applyMigrations(tx, schema, migrations)
  await writeStanding(tx, schema)
  await addSigningKey(tx, app, schema)
}

async function versionOf({ tx, schema }: End, known: Migration[]): Promise<Migration[]> {
  const rows = await tx.execute<{ applied: string[] }>(
    sql`select to_json(applied) as applied from platform.schema_versions where schema = ${schema}`,
  )
  return requireKnownVersion({ migrations: rows[0]?.applied ?? [] }, known)
}

async function copyScrubbed(from: End, to: End, keptAdmin: string | null, report: OperationReport): Promise<void> {
  for (const { tx } of [from, to]) await tx.execute(sql`set local datestyle to 'ISO, YMD'`)
  const tables = (await readTables(to.tx, to.schema)).filter(({ name }) => scrubbing[name] !== 'left out')
  report.begin('Copying tables', tables.length)
  for (const table of tables) {
    await clearTable(to.tx, to.schema, table.name)
    await copyIn(to.client, to.schema, table, copyQuery(from.client, scrubbedRows(from.schema, table, keptAdmin)))
    report.advance()
  }
}

/** The database replaces the real values, so they do not leave it. */
function scrubbedRows(schema: string, { name, columns }: CopiedTable, keptAdmin: string | null): SQL {
  const identifiers = sql.join(
    columns.map(column => sql.identifier(column)),
    sql`, `,
  )
  const values = columns.map(column => scrubbedValue(name, column, keptAdmin))
  return sql`
    select ${sql.join(values, sql`, `)}
    from (select ${identifiers}, row_number() over (order by id) as n from ${sql.identifier(schema)}.${sql.identifier(name)}) r`
}

function scrubbedValue(table: string, column: string, keptAdmin: string | null): SQL {
  const kept = sql`r.${sql.identifier(column)}`
  const treatment = treatmentOf(table, column)
  if (treatment === 'kept') return kept
  const staysItself =
    table === 'users' && keptAdmin !== null && ['email', 'first_name', 'last_name', 'password'].includes(column)
  return staysItself ? sql`case when r.email = ${keptAdmin}::text then ${kept} else ${treatment} end` : treatment
}

async function addAdmin(
  tx: Db,
  app: App,
  tenant: TenantRow,
  { admin_email, by_mail }: Omit<CloneInput, 'place'>,
): Promise<void> {
  const authRealm = tenantRealmOf(app, tenant)
  const user = await createUser(app, authRealm, { email: admin_email, password: null, role: 'Admin' }, fromSystem, tx)
  if (by_mail) await mailWelcome(tx, authRealm, user)
}

/** @throws ApiError 400 on `admin_email` when the original has no active Admin with this address */
export async function requireOwnAdmin({ database }: App, { schema }: TenantRow, email: string): Promise<void> {
  const {
    db,
    tables: { users },
  } = database.tenant(schema)
  const rows = await db
    .select({ role: users.role, is_active: users.is_active, password: sql<boolean>`${users.password} is not null` })
    .from(users)
    .where(eq(users.email, email))
  if (rows[0]?.role !== 'Admin' || !rows[0].is_active || !rows[0].password)
    throw invalid({ admin_email: ['The organisation has no Admin of this address who can sign in.'] })
}
