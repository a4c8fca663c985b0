import { sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import type { PlatformRealm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'

export interface Activity {
  /** Counts an answer of a tenant's portal. */
  count(tenantId: string, answer: CountedAnswer): void
  /** Saves the counts since the last time. */
  write(): Promise<void>
  /** Saves the counts every ten seconds. @returns a function that saves them once more and stops */
  start(): () => Promise<void>
}

/** What an answer counts as; not as a request where it belongs to another one. */
export interface CountedAnswer {
  isRequest: boolean
  isError: boolean
  signIn?: 'done' | 'failed'
}

interface Count {
  tenant: string
  day: string
  requests: number
  errors: number
  sign_ins: number
  failed_sign_ins: number
}

/** Milliseconds between two saves. */
const pause = 10_000
// For a database that is unavailable: a tenant has an entry for each day, and entries beyond the limit are not counted.
const entriesLimit = 20_000

type Counts = Map<string, Count>

/** Counts in memory the requests to each tenant's portal, and regularly adds them to `platform.tenant_days`. */
export function createActivity({ database: { platform }, log }: App): Activity {
  const counts: Counts = new Map()
  const write = async () => {
    const taken = [...counts.values()]
    counts.clear()
    await insert(platform, taken).catch((error: unknown) => {
      for (const count of taken) add(counts, count)
      log.warn({ event: 'activity_write_failed', reason: reasonOf(error) })
    })
  }
  return {
    count: (tenant, answer) => add(counts, countOf(tenant, answer)),
    write,
    start: () => repeat(write),
  }
}

function countOf(tenant: string, { isRequest, isError, signIn }: CountedAnswer): Count {
  return {
    tenant,
    day: today(),
    requests: isRequest ? 1 : 0,
    errors: isRequest && isError ? 1 : 0,
    sign_ins: signIn === 'done' ? 1 : 0,
    failed_sign_ins: signIn === 'failed' ? 1 : 0,
  }
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}

function add(counts: Counts, count: Count): void {
  const key = count.day + count.tenant
  const known = counts.get(key)
  if (known) {
    for (const field of counted) known[field] += count[field]
  } else if (counts.size < entriesLimit) {
    counts.set(key, { ...count })
  }
}

const counted = ['requests', 'errors', 'sign_ins', 'failed_sign_ins'] as const

// In one order everywhere, or two processes would wait for each other's rows; without the tenants that are gone.
async function insert({ db }: PlatformRealm, counts: Count[]): Promise<void> {
  if (counts.length === 0) return
  await db.execute(sql`
    insert into platform.tenant_days as d (tenant, day, requests, errors, sign_ins, failed_sign_ins)
    select c.tenant, c.day, c.requests, c.errors, c.sign_ins, c.failed_sign_ins
    from jsonb_to_recordset(${JSON.stringify(counts)}::text::jsonb)
      as c (tenant uuid, day date, requests integer, errors integer, sign_ins integer, failed_sign_ins integer)
    join platform.tenants t on t.id = c.tenant
    order by c.tenant, c.day
    on conflict (tenant, day) do update set
      requests = d.requests + excluded.requests, errors = d.errors + excluded.errors,
      sign_ins = d.sign_ins + excluded.sign_ins, failed_sign_ins = d.failed_sign_ins + excluded.failed_sign_ins`)
}

function repeat(write: () => Promise<void>): () => Promise<void> {
  const timer = setInterval(() => void write(), pause)
  timer.unref()
  return () => {
    clearInterval(timer)
    return write()
  }
}
