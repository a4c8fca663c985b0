import { sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import type { Check } from './check.ts'

/** Tenants whose purge no process works on. */
export async function checkStates({ database }: App): Promise<Check> {
  const rows = await database.platform.db.execute<StalledTenant>(sql`
    select t.subdomain, t.status, to_json(t.status_changed) #>> '{}' as since, last.error
    from platform.tenants t
    left join lateral (select o.state, o.error, o.lease_until, o.created from platform.operations o where o.tenant = t.id and o.kind = 'purge' order by o.created desc limit 1) last on true
    where (t.status = 'purging' and not coalesce(last.state in ('queued', 'running') and coalesce(last.lease_until, last.created) > now() - interval '2 minutes', false))
      or (t.status = 'deleting' and t.purge_after < now() - interval '1 day')
    order by t.subdomain`)
  return { name: 'tenant states', found: `${rows.length} stuck`, problems: rows.map(describeStalled) }
}

interface StalledTenant extends Record<string, unknown> {
  subdomain: string
  status: string
  since: string | null
  error: string | null
}

const stalledWords: Record<string, string> = {
  purging: 'is being deleted, but no process is working on it',
  deleting: 'is overdue for deletion',
}

function describeStalled({ subdomain, status, since, error }: StalledTenant): string {
  return `${subdomain} ${stalledWords[status]}${since ? `, since ${since}` : ''}${error ? ` (${error})` : ''}. Run: tenantry tenant delete ${subdomain} --now --yes`
}

/** Operations that no process works on. */
export async function checkOperations({ database }: App): Promise<Check> {
  const rows = await database.platform.db.execute<{ id: string; kind: string; state: string; created: string }>(sql`
    select id, kind, state, to_json(created) #>> '{}' as created from platform.operations
    where state in ('queued', 'running') and kind <> 'purge' and coalesce(lease_until, created) < now() - interval '2 minutes' order by created`)
  return {
    name: 'operations',
    found: `${rows.length} waiting`,
    problems: rows.map(
      ({ id, kind, state, created }) =>
        `The ${kind} ${id} is ${state} since ${created}, but no process is working on it. Start a server to continue it.`,
    ),
  }
}
