import { sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import type { App } from '#server/domain/context.ts'

export interface Activity {
  /** Counts an answer of a tenant's portal. */
  count(tenantId: string, isError: boolean): void
  /** Saves the counts since the last time. */
  write(): Promise<void>
  /** Saves the counts every ten seconds. @returns a function that saves them once more and stops */
  start(): () => Promise<void>
}

interface Count {
  tenant: string
  day: string
  requests: number
  errors: number
}

/** Milliseconds between two saves. */
const pause = 10_000
// For a database that is unavailable: a tenant has an entry for each day, and entries beyond the limit are not counted.
const entriesLimit = 20_000

/** Counts in memory the requests to each tenant's portal, and regularly adds them to `platform.tenant_days`. */
export function createActivity({ database: { platform }, log }: App): Activity {
  let counts = new Map<string, Count>()

  return { count, write, start }

  function count(tenant: string, isError: boolean): void {
    const day = new Date().toISOString().slice(0, 10)
    add({ tenant, day, requests: 1, errors: isError ? 1 : 0 })
  }

  function add({ tenant, day, requests, errors }: Count): void {
    const key = day + tenant
    const known = counts.get(key)
    if (known) {
      known.requests += requests
      known.errors += errors
    } else if (counts.size < entriesLimit) {
      counts.set(key, { tenant, day, requests, errors })
    }
  }

  async function write(): Promise<void> {
    if (counts.size === 0) return
    const taken = [...counts.values()]
    counts = new Map()
    try {
      await insert(taken)
    } catch (error) {
      taken.forEach(add)
      log.warn({ event: 'activity_write_failed', reason: reasonOf(error) })
    }
  }

  // In a fixed order, so that two processes do not deadlock; without deleted tenants.
  async function insert(rows: Count[]): Promise<void> {
    await platform.db.execute(sql`
      insert into platform.tenant_days (tenant, day, requests, errors)
      select c.tenant, c.day, c.requests, c.errors
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as c (tenant uuid, day date, requests integer, errors integer)
      join platform.tenants t on t.id = c.tenant
      order by c.tenant, c.day
      on conflict (tenant, day) do update set requests = tenant_days.requests + excluded.requests, errors = tenant_days.errors + excluded.errors`)
  }

  function start(): () => Promise<void> {
    const timer = setInterval(() => void write(), pause)
    timer.unref()
    return () => {
      clearInterval(timer)
      return write()
    }
  }
}
