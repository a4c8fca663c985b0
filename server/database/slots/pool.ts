import { PostgresError } from '#server/database/driver.ts'
import { isConnectionError } from '#server/database/errors.ts'
import { unavailable } from '#shared/errors.ts'
import { openSlot } from './connection.ts'
import type { SlotsOptions } from './options.ts'
import type { Schedule, Shares } from './schedule.ts'
import { createSchedule } from './schedule.ts'
import type { Slot, Work } from './slot.ts'
import { AnswerMismatch } from './slot.ts'

/** The connections, who takes them in which order, and what went wrong with them since the start. */
export interface Pool {
  url: string
  options: SlotsOptions & { statementTimeout: number }
  slots: Slot[]
  schedule: Schedule
  ended: boolean
  retired: number
  mismatched: number
}

// Prepared statements live as long as their connection and name their schema: with many tenants there are many.
const statementsLimit = 2_000

/** Milliseconds until a connection is replaced, so that its backend's memory is freed. */
const lifetime = 30 * 60_000

/** Milliseconds for a whole transaction in addition to its longest statement. */
const transactionAllowance = 10_000

/** Opens the connections. */
export function openPool(url: string, options: SlotsOptions): Pool {
  const complete = { ...options, statementTimeout: options.statementTimeout ?? 5_000 }
  const slots = Array.from({ length: options.size }, () => openSlot(url, complete, slot => retireSlot(pool, slot)))
  const schedule = createSchedule(slots, sharesOf(options), options.waitLimit)
  const pool: Pool = { url, options: complete, slots, schedule, ended: false, retired: 0, mismatched: 0 }
  return pool
}

function sharesOf({
  size,
  tenantShare = Math.ceil(size / 2),
  statementShare = Math.floor(size / 4),
}: SlotsOptions): Shares {
  const slots = Math.min(tenantShare, size)
  return {
    tenant: { slots, transactions: Math.max(1, Math.floor(slots / 2)) },
    transactions: Math.max(1, size - Math.max(1, statementShare)),
  }
}

/** @throws ApiError 503 where none becomes free in time */
export async function takeSlot({ ended, schedule }: Pool, realm: string, work: Work): Promise<Slot> {
  if (ended) throw unavailable()
  return schedule.take(realm, work)
}

export function releaseSlot(pool: Pool, slot: Slot): void {
  if (slot.statements.size > statementsLimit) retireSlot(pool, slot)
  pool.schedule.release(slot)
}

/** Only after what PostgreSQL itself has said, and what is no end of the connection, is it known what comes next. */
export function retireAfter(pool: Pool, slot: Slot, error: unknown): void {
  if (error instanceof AnswerMismatch) noteMismatch(pool, slot.holder?.realm ?? '', error.message)
  if (!(error instanceof PostgresError) || isConnectionError(error)) retireSlot(pool, slot)
}

export function noteMismatch(pool: Pool, realm: string, message: string): void {
  pool.mismatched++
  pool.options.onMismatch?.({ realm, message })
}

/** Ends a connection and opens another in its place. */
export function retireSlot(pool: Pool, slot: Slot): void {
  if (slot.retired) return
  slot.retired = true
  pool.retired++
  const place = pool.slots.indexOf(slot)
  if (place >= 0 && !pool.ended) pool.slots[place] = openSlot(pool.url, pool.options, lost => retireSlot(pool, lost))
  // What is still in flight is told by its own rejection; the end of a lost connection has nothing to add.
  slot.sql.end({ timeout: 0 }).catch(() => {})
  if (!pool.ended) pool.schedule.look()
}

/** Retires the slots that are too old, or have been busy for too long. */
export function retireOld(pool: Pool): void {
  const now = performance.now()
  for (const slot of [...pool.slots]) {
    const { holder, opened } = slot
    // A half-open connection answers nothing, not even a timeout.
    const limit = pool.options.statementTimeout + 1_000 + (holder?.work === 'transaction' ? transactionAllowance : 0)
    if (holder ? now - holder.since > limit : now - opened > lifetime) retireSlot(pool, slot)
  }
}

export async function endPool(pool: Pool): Promise<void> {
  pool.ended = true
  pool.schedule.dismiss()
  await Promise.all(pool.slots.map(slot => slot.sql.end({ timeout: 5 })))
}
