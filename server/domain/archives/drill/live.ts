import { gt, sql } from 'drizzle-orm'
import { readTables } from '#server/database/catalog.ts'
import type { CopiedTable } from '#server/database/copy.ts'
import { copyQuery } from '#server/database/copy.ts'
import { inLongTransaction } from '#server/database/long-transaction.ts'
import type { Db } from '#server/database/realms.ts'
import type { TransactionClient } from '#server/database/slots/transaction.ts'
import type { App } from '#server/domain/context.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { hasTimeAfter, normalized } from './digest.ts'
import { linesOf } from '#server/domain/archives/entries.ts'
import type { Manifest } from '#server/domain/archives/format.ts'

export interface LiveDifferences {
  same: number
  changed: number
  added: number
  removed: number
  /** How many of the differences nothing explains: neither an audit event nor a time in the row since the archive. */
  unexplained: number
}

/** A schema, and the transaction that reads it. */
interface End {
  client: TransactionClient
  schema: string
}

/** What tells a change since the archive from a difference that should not be there. */
interface Since {
  moment: Date
  /** The ids that audit events since then are about. */
  subjects: Set<string>
  tenant: string
}

/** Compares restored tables with a living tenant's, by their ids. @returns the differences of each table */
export async function compareWithLive(
  app: App,
  restored: End,
  tenant: TenantRow,
  tables: CopiedTable[],
  { created }: Manifest,
  report: OperationReport,
): Promise<Map<string, LiveDifferences>> {
  const found = new Map<string, LiveDifferences>()
  await inLongTransaction(app, tenant.schema, async (tx, client) => {
    await tx.execute(sql`set transaction isolation level repeatable read, read only`)
    await tx.execute(sql`set local datestyle to 'ISO, YMD'`)
    const present = await readTables(tx, tenant.schema)
    const moment = new Date(created)
    const since = { moment, subjects: await readSubjects(app, tx, tenant, moment), tenant: tenant.id }
    report.begin('Comparing with the organisation', tables.length)
    for (const table of tables) {
      const its = present.find(({ name }) => name === table.name)
      const columns = its?.columns.filter(column => column !== 'id' && table.columns.includes(column)) ?? []
      const both = { name: table.name, columns: ['id', ...columns] }
      found.set(table.name, await compareTable(restored, { client, schema: tenant.schema }, both, since))
      report.advance()
    }
  })
  return found
}

async function readSubjects(app: App, tx: Db, { schema }: TenantRow, moment: Date): Promise<Set<string>> {
  const { audit_events: events } = app.database.tenant(schema).tables
  const rows = await tx.selectDistinct({ subject: events.subject }).from(events).where(gt(events.created, moment))
  return new Set(rows.flatMap(({ subject }) => subject ?? []))
}

/** One pass over both, in the order of the ids. */
async function compareTable(before: End, now: End, table: CopiedTable, since: Since): Promise<LiveDifferences> {
  const found = { same: 0, changed: 0, added: 0, removed: 0, unexplained: 0 }
  const [old, live] = [rowsOf(before, table), rowsOf(now, table)]
  let [a, b] = [await next(old), await next(live)]
  while (a !== undefined || b !== undefined) {
    const [left, right] = [a && idOf(a), b && idOf(b)]
    const isGone = a !== undefined && (right === undefined || left! < right)
    const isNew = b !== undefined && (left === undefined || right! < left)
    if (a === b) found.same++
    else {
      if (isGone) found.removed++
      else if (isNew) found.added++
      else found.changed++
      if (!isExplained(table.name, isGone ? a! : b!, since)) found.unexplained++
    }
    if (!isNew) a = await next(old)
    if (!isGone) b = await next(live)
  }
  return found
}

function isExplained(table: string, row: string, { moment, subjects, tenant }: Since): boolean {
  return subjects.has(table === 'settings' ? tenant : idOf(row)) || hasTimeAfter(row, moment)
}

function rowsOf({ client, schema }: End, { name, columns }: CopiedTable): AsyncGenerator<string> {
  const names = sql.join(
    columns.map(column => sql.identifier(column)),
    sql`, `,
  )
  const query = sql`select ${names} from ${sql.identifier(schema)}.${sql.identifier(name)} order by id`
  return linesOf(copyQuery(client, query))
}

async function next(rows: AsyncGenerator<string>): Promise<string | undefined> {
  const { value, done } = await rows.next()
  return done ? undefined : normalized(value as string)
}

function idOf(row: string): string {
  return row.slice(0, row.indexOf('\t'))
}
