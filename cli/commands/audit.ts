import type { SQL } from 'drizzle-orm'
import { and, eq, gte } from 'drizzle-orm'
import { auditBatches, auditHeader } from '#server/domain/audit/audit.ts'
import type { NamedRealm } from '#server/domain/audit/names.ts'
import type { App } from '#server/domain/context.ts'
import { csvLines } from '#server/domain/lib/csv.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { UsageError, defineTask, wholeNumber } from '../task.ts'

export default defineTask({
  name: 'audit',
  description: 'Print the audit log of an organisation or the platform as CSV, newest first',
  args: {
    subdomain: {
      type: 'positional',
      description: "The organisation's subdomain (default: the platform)",
      required: false,
    },
    action: { type: 'string', description: 'Only events of this type, such as session.refused' },
    since: { type: 'string', description: 'Only events since this date or time, such as 2026-01-31' },
    limit: { type: 'string', description: 'Maximum number of events', default: '1000' },
  },
  onlyLooks: true,
  async run({ app, args }) {
    const since = args.since === undefined ? undefined : new Date(args.since)
    if (since && Number.isNaN(since.getTime())) throw new UsageError('--since takes a date or time, such as 2026-01-31')
    const named = await findRealm(app, args.subdomain)
    const { action, created } = named.realm.tables.audit_events
    const where = and(args.action === undefined ? undefined : eq(action, args.action), since && gte(created, since))
    const rows = await readRows(named, where, wholeNumber('limit', args.limit, 1, 1_000_000))
    return {
      json: rows.map(row => Object.fromEntries(auditHeader.map((name, i) => [name, row[i]]))),
      text: csvLines([auditHeader, ...rows]).trimEnd(),
    }
  },
})

async function findRealm(app: App, subdomain: string | undefined): Promise<NamedRealm> {
  if (subdomain === undefined) return { kind: 'platform', realm: app.database.platform }
  return { kind: 'tenant', realm: app.database.tenant((await requireTenant(app, subdomain)).schema) }
}

async function readRows(named: NamedRealm, where: SQL | undefined, limit: number) {
  const rows: Parameters<typeof csvLines>[0] = []
  for await (const batch of auditBatches(named, where)) {
    rows.push(...batch)
    if (rows.length >= limit) break
  }
  return rows.slice(0, limit)
}
