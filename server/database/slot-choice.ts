import type { Sql } from 'postgres'

/** One connection of the fixed number that slots.ts keeps. */
export interface Slot {
  sql: Sql
  /** In the order sent, which is the order in which one connection answers. */
  inFlight: { realm: string, since: number }[]
  reserved: boolean
  retired: boolean
  statements: Set<string>
}

const pipelineLimit = 200
// A query that has run this long is no longer one to queue behind.
const stallLimit = 150

/**
 * Where a plain query of the realm goes: to one of its two home slots, which keep its tables' caches warm, unless that would
 * be behind somebody else's slow query.
 * @returns undefined when every slot is taken
 */
export function slotForQuery(slots: readonly Slot[], realm: string): Slot | undefined {
  const [first, second] = homeSlots(slots, realm)
  const home = first.inFlight.length <= second.inFlight.length ? [first, second] : [second, first]
  const usable = home.filter(slot => !slot.reserved && slot.inFlight.length < pipelineLimit)
  const isOwn = (slot: Slot) => slot.inFlight[0]?.realm === realm
  // Behind somebody else's query only when no slot is free: it may turn out to wait for a lock.
  const free = usable.find(slot => !isStalled(slot) && (isIdle(slot) || isOwn(slot))) ?? (usable.some(isOwn) ? undefined : slots.find(isIdle))
  // A realm waits for its own slow queries and is not let loose on the others' slots; it moves only for somebody else's.
  const ready = free ?? usable.find(slot => !isStalled(slot)) ?? usable.find(isOwn)
  return ready ?? slots.filter(slot => !slot.reserved && !isStalled(slot) && slot.inFlight.length < pipelineLimit)
    .sort((a, b) => a.inFlight.length - b.inFlight.length)[0]
}

/** Where a transaction of the realm goes, which then has the slot to itself. @returns undefined when every slot is taken */
export function slotForTransaction(slots: readonly Slot[], realm: string): Slot | undefined {
  const home = homeSlots(slots, realm)
  return home.find(isIdle) ?? slots.find(isIdle)
    ?? home.find(slot => !slot.reserved && !isStalled(slot))
    ?? slots.find(slot => !slot.reserved && !isStalled(slot))
}

function homeSlots(slots: readonly Slot[], realm: string): [Slot, Slot] {
  const hash = hashOf(realm)
  const first = hash % slots.length
  const step = slots.length > 1 ? 1 + (hash >>> 8) % (slots.length - 1) : 0
  return [slots[first]!, slots[(first + step) % slots.length]!]
}

export function isIdle(slot: Slot): boolean {
  return !slot.reserved && slot.inFlight.length === 0
}

function isStalled(slot: Slot): boolean {
  const oldest = slot.inFlight[0]
  return oldest !== undefined && performance.now() - oldest.since > stallLimit
}

// FNV-1a: spreads names that differ in their last characters.
function hashOf(text: string): number {
  let hash = 0x811C9DC5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
