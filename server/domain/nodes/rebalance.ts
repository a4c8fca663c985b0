import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { requireCluster } from './nodes.ts'

export interface Rebalancing {
  /** `running`, `finished`, `failed`, …: Citus's word. */
  state: string
  /** Moves of schemas. */
  done: number
  total: number
}

/**
 * Lets Citus move schemas in the background until the nodes have about the same number of bytes, and waits for the
 * end. Continues to wait for one that is running.
 * @param onProgress called each second
 * @returns undefined if there is nothing to move
 */
export async function rebalance(
  app: App,
  onProgress: (progress: Rebalancing) => void,
): Promise<Rebalancing | undefined> {
  await requireCluster(app)
  const current = await readRebalancing(app)
  if (!(current && isOpen(current)) && !(await start(app))) return undefined
  for (;;) {
    const progress = (await readRebalancing(app))!
    onProgress(progress)
    if (!isOpen(progress)) return progress
    await sleep(1_000)
  }
}

/** @returns whether Citus has anything to move */
async function start({ database: { platform } }: App): Promise<boolean> {
  const rows = await platform.db.execute<{ job: string | null }>(sql`select citus_rebalance_start() as job`)
  // It answers 0, or nothing, where it plans no move.
  return Number(rows[0]?.job ?? 0) > 0
}

async function readRebalancing({ database: { platform } }: App): Promise<Rebalancing | undefined> {
  const rows = await platform.db.execute<Rebalancing & Record<string, unknown>>(sql`
    select j.state::text as state, (count(t.*) filter (where t.status = 'done'))::int as done, count(t.*)::int as total
    from pg_dist_background_job j left join pg_dist_background_task t on t.job_id = j.job_id
    where j.job_id = (select max(job_id) from pg_dist_background_job where job_type = 'rebalance') group by j.job_id`)
  return rows[0]
}

function isOpen({ state }: Rebalancing): boolean {
  return ['scheduled', 'running', 'failing', 'cancelling'].includes(state)
}
