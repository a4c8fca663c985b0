import { describe, expect, test } from 'vitest'
import { createLimiter } from '#server/domain/lib/limiter.ts'

const forever = 60_000

describe('work in turns', () => {
  test('runs a limited number in parallel, in total and per tenant', async () => {
    const limiter = createLimiter({ parallel: 3, perRealm: 1, waiting: 20, waitLimit: forever })
    let running = 0
    let most = 0
    const runningOf = new Map<string, number>()
    await Promise.all(
      ['a', 'a', 'a', 'b', 'b', 'c', 'd', 'd'].map(realm =>
        limiter.run(realm, async () => {
          most = Math.max(most, ++running)
          runningOf.set(realm, (runningOf.get(realm) ?? 0) + 1)
          expect(runningOf.get(realm)).toBe(1)
          await new Promise(setImmediate)
          runningOf.set(realm, 0)
          running--
        }),
      ),
    )
    expect(most).toBe(3)
  })

  test('continues when some of it fails', async () => {
    const limiter = createLimiter({ parallel: 1, waiting: 5, waitLimit: forever })
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(i =>
        limiter.run('a', async () => {
          if (i === 1) throw new Error('failed')
          return i
        }),
      ),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })
})

describe('a waiting caller', () => {
  test('waits no longer than the limit', async () => {
    const limiter = createLimiter({ parallel: 1, waiting: 5, waitLimit: 1 })
    const end = await limiter.take('a')
    await expect(limiter.take('a')).rejects.toMatchObject({ status: 503 })
    end()
    await limiter.take('a')
  })

  test('is not rejected because of a tenant that fills the queue', async () => {
    const limiter = createLimiter({ parallel: 1, waiting: 4, waitLimit: forever })
    const end = await limiter.take('a')
    const crowd = Array.from({ length: 4 }, () => limiter.take('a'))
    const other = limiter.take('b')
    await expect(crowd[3]).rejects.toMatchObject({ status: 503 })
    await expect(limiter.take('a')).rejects.toMatchObject({ status: 503 })
    end()
    const second = await crowd[0]!
    second()
    const third = await other
    third()
  })
})
