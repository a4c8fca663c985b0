import { readFile } from 'node:fs/promises'
import type { FleetQuery, TenantAnswer } from '#server/database/migrations/fleet-query.ts'
import { queryFleet, readTargets } from '#server/database/migrations/fleet-query.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { csvLines } from '#server/domain/lib/csv.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { showProgress } from '../progress.ts'
import { linesOf } from '../table.ts'
import { UsageError, defineTask, wholeNumber } from '../task.ts'

const parallel = {
  type: 'string',
  description: 'Number of organisations to query at the same time',
  default: '4',
} as const
const slots = (args: { parallel: string }) => ({
  size: 1 + wholeNumber('parallel', args.parallel, 1, 64),
  statementTimeout: 600_000,
  lockTimeout: 10_000,
})

export const exec = defineTask({
  name: 'exec',
  description: 'Run SQL in the schema of one organisation or all, in one transaction each',
  args: {
    subdomain: { type: 'positional', description: "The organisation's subdomain", required: false },
    all: { type: 'boolean', description: 'Run in all organisations' },
    sql: { type: 'string', description: 'One SQL statement' },
    file: { type: 'string', description: 'SQL script file; its results are not shown' },
    write: { type: 'boolean', description: 'Allow changes (default: read-only)' },
    yes: { type: 'boolean', description: 'Confirm; required with --write' },
    parallel,
  },
  onlyLooks: ({ write }) => !write,
  slots,
  async run({ app, args }) {
    const { subdomain, all = false, sql, file, write = false } = args
    if ((subdomain === undefined) !== all) throw new UsageError('Use either a subdomain or --all')
    if ((sql === undefined) === (file === undefined)) throw new UsageError('Use either --sql or --file')
    if (write && !args.yes) throw new UsageError('--write changes data. Use --yes to confirm')
    const text = sql ?? (await readFile(file!, 'utf8'))
    const isScript = sql === undefined
    const answers = await ask(
      app,
      { text, isScript, write, parallel: wholeNumber('parallel', args.parallel, 1, 64) },
      subdomain,
    )
    const failed = answers.filter(({ error }) => error !== null).length
    return {
      json: { done: answers.length - failed, failed, answers },
      text: answers.map(describe).join('\n') || 'No organisations yet.',
      failed: failed > 0,
    }
  },
})

function describe({ subdomain, rows, count, error }: TenantAnswer): string {
  const outcome = error ?? (count === null ? 'done' : `${count} row${count === 1 ? '' : 's'}`)
  return [`${subdomain}: ${outcome}`, ...rows.map(row => `  ${JSON.stringify(row)}`)].join('\n')
}

export default defineTask({
  name: 'report',
  description: 'Run a query in all organisations and print the results as one table',
  args: {
    sql: { type: 'string', description: 'One SELECT statement', required: true },
    csv: { type: 'boolean', description: 'Print the results as CSV' },
    parallel,
  },
  onlyLooks: true,
  slots,
  async run({ app, args }) {
    const answers = await ask(app, {
      text: args.sql,
      isScript: false,
      write: false,
      parallel: wholeNumber('parallel', args.parallel, 1, 64),
    })
    const rows = answers.flatMap(({ subdomain, rows }) => rows.map(row => ({ tenant: subdomain, ...row })))
    const failed = answers.flatMap(({ subdomain, error }) => (error === null ? [] : [{ tenant: subdomain, error }]))
    for (const { tenant, error } of failed) process.stderr.write(`${tenant}: ${error}\n`)
    return { json: { rows, failed }, text: args.csv ? asCsv(rows) : asTable(rows), failed: failed.length > 0 }
  },
})

/** The audit event is written before the query runs, so that an interrupted query is recorded too. */
async function ask(app: App, query: FleetQuery, subdomain?: string) {
  const tenant = subdomain === undefined ? undefined : await requireTenant(app, subdomain)
  const targets = await readTargets(app.database, subdomain)
  const { platform } = app.database
  await recordAudit(platform.db, platform, fromSystem, {
    action: 'tenants.queried',
    subject: tenant?.id,
    details: { sql: query.text.slice(0, 2_000), write: query.write, tenants: targets.length },
  })
  return queryFleet(app.database, targets, { ...query, onProgress: showProgress('Querying') })
}

function asCsv(rows: Record<string, unknown>[]): string {
  const columns = columnsOf(rows)
  return csvLines([columns, ...rows.map(row => columns.map(column => cellOf(row[column])))]).trimEnd()
}

function asTable(rows: Record<string, unknown>[]): string {
  const columns = columnsOf(rows)
  const lines = [columns, ...rows.map(row => columns.map(column => cellOf(row[column])))]
  const widths = columns.map((_, i) => Math.max(...lines.map(line => line[i]!.length)))
  return rows.length === 0 ? 'No rows.' : linesOf(lines, line => line.map((cell, i) => cell.padEnd(widths[i]!)), '')
}

// Organisations at different schema versions may return different columns.
function columnsOf(rows: Record<string, unknown>[]): string[] {
  return [...new Set(rows.flatMap(row => Object.keys(row)))]
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
