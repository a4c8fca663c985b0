import { describe, expect, test } from 'vitest'
import { createSchedule } from '#server/database/slots/schedule.ts'
import type { Slot, Work } from '#server/database/slots/slot.ts'

/** Eight slots, of which a tenant may hold four, two of them for transactions; six transactions in total. */
function createEight() {
  const slots = Array.from({ length: 8 }, () => ({ holder: undefined }) as Slot)
  const schedule = createSchedule(slots, { tenant: { slots: 4, transactions: 2 }, transactions: 6 })
  return {
    slots,
    schedule,
    held: (realm: string, work?: Work) =>
      slots.filter(({ holder }) => holder?.realm === realm && (!work || holder.work === work)).length,
  }
}

// Longer than a caller waits for a home slot.
const moment = () => new Promise(resolve => setTimeout(resolve, 20))

describe('a tenant', () => {
  test('holds no more than its share of the slots, however much it asks', async () => {
    const { schedule, held } = createEight()
    const asked = Array.from({ length: 50 }, () => schedule.take('a', 'statement').catch(() => undefined))
    await moment()
    expect([held('a'), schedule.waiting()]).toEqual([4, 46])
    schedule.dismiss()
    await Promise.all(asked)
  })

  test('holds no more than its share for transactions, and its statements go on meanwhile', async () => {
    const { schedule, held } = createEight()
    const asked = Array.from({ length: 16 }, () => schedule.take('a', 'transaction').catch(() => undefined))
    await moment()
    expect(held('a', 'transaction')).toBe(2)
    await schedule.take('a', 'statement')
    expect(held('a', 'statement')).toBe(1)
    schedule.dismiss()
    await Promise.all(asked)
  })

  test('is served while others wait for their own', async () => {
    const { schedule } = createEight()
    const asked = Array.from({ length: 30 }, () => schedule.take('a', 'statement').catch(() => undefined))
    await moment()
    for (const realm of ['b', 'c', 'd', 'e']) await schedule.take(realm, 'statement')
    schedule.dismiss()
    await Promise.all(asked)
  })
})

test('all transactions together leave slots to statements', async () => {
  const { schedule, slots } = createEight()
  const asked = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap(realm =>
    [1, 2].map(() => schedule.take(realm, 'transaction').catch(() => undefined)),
  )
  await moment()
  expect(slots.filter(({ holder }) => holder).length).toBe(6)
  await schedule.take('g', 'statement')
  await schedule.take('h', 'statement')
  schedule.dismiss()
  await Promise.all(asked)
})

test('those who wait are served in turns, one of each tenant', async () => {
  const slots = [{ holder: undefined } as Slot]
  const schedule = createSchedule(slots, { tenant: { slots: 1, transactions: 1 }, transactions: 1 })
  const served: string[] = []
  const ask = async (realm: string) => {
    const slot = await schedule.take(realm, 'statement')
    served.push(realm)
    await Promise.resolve()
    schedule.release(slot)
  }
  await Promise.all([...Array.from({ length: 6 }, () => ask('a')), ask('b'), ask('b'), ask('c')])
  expect(served).toEqual(['a', 'a', 'b', 'c', 'a', 'b', 'a', 'a', 'a'])
})

describe('a statement', () => {
  test('waits for the home slot of its tenant, where it is prepared, while that is busy for a moment', async () => {
    const { schedule } = createEight()
    const home = await schedule.take('a', 'statement')
    expect(home.holder?.prepares).toBe(true)
    schedule.release(home)
    home.holder = { realm: 'b', work: 'statement', since: performance.now(), prepares: true, waited: 0 }
    const waiting = schedule.take('a', 'statement')
    home.holder = undefined
    schedule.look()
    expect(await waiting).toBe(home)
  })

  test('is not prepared on another slot, which it takes when its home is stuck', async () => {
    const { schedule } = createEight()
    const home = await schedule.take('a', 'statement')
    schedule.release(home)
    home.holder = { realm: 'b', work: 'statement', since: performance.now() - 50, prepares: true, waited: 0 }
    const other = await schedule.take('a', 'statement')
    expect(other).not.toBe(home)
    expect(other.holder?.prepares).toBe(false)
  })

  test('is prepared on every slot that its tenant needs at the same time', async () => {
    const { schedule } = createEight()
    const slots = [await schedule.take('a', 'statement'), await schedule.take('a', 'statement')]
    expect(slots.map(({ holder }) => holder?.prepares)).toEqual([true, true])
  })
})

test('a slot serves one at a time, and a slot that was replaced serves on', async () => {
  const { slots, schedule } = createEight()
  const first = await schedule.take('a', 'statement')
  expect(await schedule.take('a', 'statement')).not.toBe(first)
  slots[slots.indexOf(first)] = { holder: undefined } as Slot
  schedule.look()
  schedule.release(first)
  expect(slots.filter(({ holder }) => holder).length).toBe(1)
})
