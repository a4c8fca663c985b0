import { unavailable } from '#shared/errors.ts'
import { createLines } from './lines.ts'
import type { Slot, Work } from './slot.ts'

/** Assigns slots to callers: each slot runs one statement or one transaction at a time. */
export interface Schedule {
  /** @throws ApiError 503 after two seconds, or at once when too many are waiting */
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
const waitLimit = 2_000
/** Milliseconds. A statement that has run this long may be waiting for a lock: callers no longer wait for its slot. */
const stallLimit = 5
const waitersLimit = 2_000

/**
 * Runs a realm's work on its two home slots, whose caches know its tables, and on other slots when these are busy.
 * Realms take turns: each has its own queues, and none holds more than its share.
 * @param slots replaced one by one as connections are renewed; their number stays
 */
export function createSchedule(slots: readonly Slot[], shares: Shares): Schedule {
  // Platform queries are made on behalf of all tenants.
  const platformShare = { slots: slots.length, transactions: shares.transactions }
  const held = new Map<string, Record<Work, number>>()
  let transactions = 0
  let timer: NodeJS.Timeout | undefined
  const lines = createLines({
    waitLimit,
    limit: waitersLimit,
    refuse: unavailable,
    find: takeSlot,
    isFull: () => !slots.some(isFree),
  })

  return { take, release, look, dismiss, waiting: lines.length }

  function take(realm: string, work: Work): Promise<Slot> {
    const slot = lines.join(work === 'statement' ? `s ${realm}` : `t ${realm}`)
    if (lines.length() > 0) lookLater()
    return slot
  }

  function release(slot: Slot): void {
    const { realm, work } = slot.holder!
    slot.holder = undefined
    const counts = held.get(realm)!
    counts[work]--
    if (work === 'transaction') transactions--
    if (counts.statement + counts.transaction === 0) held.delete(realm)
    look()
  }

  function look(): void {
    if (lines.length() === 0) return
    lines.advance()
    lookLater()
  }

  // A caller that waits for a home slot takes another one after a moment.
  function lookLater(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      look()
    }, stallLimit)
  }

  function takeSlot(line: string, waited: number): Slot | undefined {
    const work = line.startsWith('s') ? 'statement' : 'transaction'
    const realm = line.slice(2)
    const slot = findSlot(realm, work, waited)
    if (!slot) return undefined
    slot.holder = { realm, work, since: performance.now() }
    const counts = held.get(realm) ?? { statement: 0, transaction: 0 }
    counts[work]++
    if (work === 'transaction') transactions++
    held.set(realm, counts)
    return slot
  }

  function findSlot(realm: string, work: Work, waited: number): Slot | undefined {
    if (!mayHold(realm, work)) return undefined
    const [first, second] = homeSlots(slots, realm)
    const home = [first, second].find(isFree)
    if (home) return home
    if (waited < stallLimit && (isMoving(first) || isMoving(second))) return undefined
    return slots.find(isFree)
  }

  function mayHold(realm: string, work: Work): boolean {
    const counts = held.get(realm)
    const share = realm === 'platform' ? platformShare : shares.tenant
    if (
      work === 'transaction' &&
      (transactions >= shares.transactions || (counts?.transaction ?? 0) >= share.transactions)
    )
      return false
    return !counts || counts.statement + counts.transaction < share.slots
  }

  function dismiss(): void {
    clearTimeout(timer)
    lines.dismiss()
  }
}

function isFree(slot: Slot): boolean {
  return slot.holder === undefined
}

// Soon free again: waiting for it is better than a slot that does not know the realm's tables.
function isMoving({ holder }: Slot): boolean {
  return holder?.work === 'statement' && performance.now() - holder.since < stallLimit
}

function homeSlots(slots: readonly Slot[], realm: string): [Slot, Slot] {
  const hash = hashOf(realm)
  const first = hash % slots.length
  const step = slots.length > 1 ? 1 + ((hash >>> 8) % (slots.length - 1)) : 0
  return [slots[first]!, slots[(first + step) % slots.length]!]
}

// FNV-1a: distributes names well that differ only in their last characters.
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
