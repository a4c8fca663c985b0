import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { delayAfter } from '#server/database/migrations/retries.ts'
import { createThrottle } from '#server/database/migrations/throttle.ts'
import { usualCanaries } from '#server/database/migrations/waves.ts'
import { workThrough } from '#server/database/migrations/work-queue.ts'

describe('the number of schemas that are migrated at the same time', () => {
  it('begins with one, grows while that goes well, and never passes its limit', () => {
    const throttle = createThrottle(4)
    expect(throttle.limit()).toBe(1)
    for (let i = 0; i < 20; i++) throttle.succeeded(10)
    expect(throttle.limit()).toBe(4)
  })

  it('is halved when something is in the way, once for all that were in progress', () => {
    const throttle = createThrottle(8)
    for (let i = 0; i < 60; i++) throttle.succeeded(10)
    const begun = performance.now()
    throttle.obstructed(begun)
    throttle.obstructed(begun)
    expect(throttle.limit()).toBe(4)
    for (let i = 0; i < 9; i++) throttle.obstructed(performance.now())
    expect(throttle.limit()).toBe(1)
  })

  it('shrinks when each takes much longer than usual', () => {
    const throttle = createThrottle(8)
    for (let i = 0; i < 60; i++) throttle.succeeded(10)
    for (let i = 0; i < 12; i++) throttle.succeeded(500)
    expect(throttle.limit()).toBeLessThan(8)
  })
})

describe('the queue of work', () => {
  it('does each item once, and lets others go first while one waits', async () => {
    const order: string[] = []
    const work = async (item: string, attempt: number) => {
      order.push(item)
      await sleep(1)
      return item === 'held' && attempt < 3 ? 10 : undefined
    }
    await workThrough(['held', 'a', 'b'], { limit: () => 1, isOver: () => false, work })
    expect(order.slice(0, 3)).toEqual(['held', 'a', 'b'])
    expect(order.filter(item => item === 'held')).toHaveLength(3)
    expect(order).toHaveLength(5)
  })

  it('keeps to its limit, and begins nothing when it is over', async () => {
    let running = 0
    let most = 0
    let count = 0
    const work = async () => {
      most = Math.max(most, ++running)
      count++
      await sleep(1)
      running--
      return undefined
    }
    await workThrough(Array.from({ length: 20 }), { limit: () => 3, isOver: () => count >= 10, work })
    expect([most, running]).toEqual([3, 0])
    expect(count).toBeLessThan(14)
  })

  it('throws the first error when all that has begun is finished', async () => {
    let finished = 0
    const work = async (item: number) => {
      if (item === 1) throw new Error('first')
      await sleep(5)
      finished++
      return undefined
    }
    await expect(workThrough([0, 1, 2, 3, 4], { limit: () => 3, isOver: () => false, work })).rejects.toThrow('first')
    expect(finished).toBe(2)
  })
})

it('a lock is waited for longer each time, and not as long by all', () => {
  for (let attempt = 1; attempt < 20; attempt++) {
    const longest = Math.min(5_000, 100 * 2 ** (attempt - 1))
    expect(delayAfter(attempt)).toBeGreaterThanOrEqual(longest / 2)
    expect(delayAfter(attempt)).toBeLessThanOrEqual(longest)
  }
  expect(new Set(Array.from({ length: 20 }, () => delayAfter(5))).size).toBeGreaterThan(1)
})

it('some of ten or more organisations come first', () => {
  expect([3, 9, 10, 49, 50, 5_000].map(usualCanaries)).toEqual([0, 0, 1, 4, 5, 5])
})
