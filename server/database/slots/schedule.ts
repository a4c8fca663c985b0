import { unavailable } from '#shared/errors.ts'
import type { Lines } from './lines.ts'
import { createLines } from './lines.ts'
import type { Slot, Work } from './slot.ts'

/** Assigns slots to callers: each slot runs one statement or one transaction at a time. */
export interface Schedule {
  /** @throws ApiError 503 after the time limit, or at once when too many are waiting */
  take(realm: string, work: Work): Promise<Slot>
  release(slot: Slot): void
  /** Call when a slot was replaced. */
  look(): void
  /** Rejects all waiting callers. */
  dismiss(): void
  waiting(): number
}

export interface Shares {
  /** How many slots one tenant may hold at once, and how many of these for transactions. */
  tenant: { slots: number; transactions: number }
  /** How many slots all transactions together may hold. They may take long, and statements must continue. */
  transactions: number
}

/** Milliseconds. */
const usualWaitLimit = 2_000
/** Milliseconds. A statement that has run this long may be waiting for a lock: callers no longer wait for its slot. */
const stallLimit = 20
/** Milliseconds. After this time, callers take another slot although their home is only busy with short statements. */
const homeLimit = 100
const waitersLimit = 2_000

interface State {
  slots: readonly Slot[]
  shares: Shares & { platform: Shares['tenant'] }
  lines: Lines<Slot>
  /** How many slots each realm holds, by its name, and how many are held for transactions in total. */
  held: Map<string, Record<Work, number>>
  transactions: number
  timer: NodeJS.Timeout | undefined
}

/**
 * Runs a realm's work on its home slot, whose caches know its tables, and on others if it needs several at once, or if
 * its home is busy for longer. In the latter case nothing is prepared there: with thousands of tenants, each of them
 * on each connection would fill the memory of PostgreSQL.
 * Realms take turns: each has its own queues, and none holds more than its share.
 * @param slots replaced one by one as connections are renewed; their number stays
 * @param waitLimit milliseconds for which a caller waits
 */
export function createSchedule(slots: readonly Slot[], shares: Shares, waitLimit = usualWaitLimit): Schedule {
  const lines = createLines<Slot>({
    waitLimit,
    limit: waitersLimit,
    refuse: unavailable,
    find: (line, waited) => takeSlot(state, line, waited),
    isFull: () => !slots.some(isFree),
  })
  // Platform queries are made on behalf of all tenants.
  const platform = { slots: slots.length, transactions: shares.transactions }
  const state: State = {
    slots,
    shares: { ...shares, platform },
    lines,
    held: new Map(),
    transactions: 0,
    timer: undefined,
  }
  return {
    take: (realm, work) => take(state, realm, work),
    release: slot => release(state, slot),
    look: () => look(state),
    dismiss: () => dismiss(state),
    waiting: lines.length,
  }
}

function take(state: State, realm: string, work: Work): Promise<Slot> {
  const slot = state.lines.join(work === 'statement' ? `s ${realm}` : `t ${realm}`)
  if (state.lines.length() > 0) lookLater(state)
  return slot
}

function release(state: State, slot: Slot): void {
  const { realm, work } = slot.holder!
  slot.holder = undefined
  const counts = state.held.get(realm)!
  counts[work]--
  if (work === 'transaction') state.transactions--
  if (counts.statement + counts.transaction === 0) state.held.delete(realm)
  look(state)
}

function look(state: State): void {
  if (state.lines.length() === 0) return
  state.lines.advance()
  lookLater(state)
}

// A caller that waits for a home slot takes another one after a moment.
function lookLater(state: State): void {
  state.timer ??= setTimeout(() => {
    state.timer = undefined
    look(state)
  }, stallLimit)
}

function dismiss(state: State): void {
  clearTimeout(state.timer)
  state.lines.dismiss()
}

function takeSlot(state: State, line: string, waited: number): Slot | undefined {
  const work = line.startsWith('s') ? 'statement' : 'transaction'
  const realm = line.slice(2)
  const slot = findSlot(state, realm, work, waited)
  if (!slot) return undefined
  const counts = state.held.get(realm) ?? { statement: 0, transaction: 0 }
  const prepares = counts.statement > 0 || slot === homeSlot(state.slots, realm)
  slot.holder = { realm, work, since: performance.now(), prepares, waited }
  counts[work]++
  if (work === 'transaction') state.transactions++
  state.held.set(realm, counts)
  return slot
}

function findSlot(state: State, realm: string, work: Work, waited: number): Slot | undefined {
  if (!mayHold(state, realm, work)) return undefined
  const home = homeSlot(state.slots, realm)
  if (isFree(home)) return home
  if (waited < homeLimit && isMoving(home) && home.holder?.realm !== realm) return undefined
  return state.slots.find(isFree)
}

function mayHold({ shares, held, transactions }: State, realm: string, work: Work): boolean {
  const counts = held.get(realm)
  const share = realm === 'platform' ? shares.platform : shares.tenant
  if (
    work === 'transaction' &&
    (transactions >= shares.transactions || (counts?.transaction ?? 0) >= share.transactions)
  )
    return false
  return !counts || counts.statement + counts.transaction < share.slots
}

function isFree(slot: Slot): boolean {
  return slot.holder === undefined
}

// Soon free again: waiting for it is better than a slot that does not know the realm's tables.
function isMoving({ holder }: Slot): boolean {
  return holder?.work === 'statement' && performance.now() - holder.since < stallLimit
}

function homeSlot(slots: readonly Slot[], realm: string): Slot {
  return slots[hashOf(realm) % slots.length]!
}

// FNV-1a: distributes names well that differ only in their last characters.
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
