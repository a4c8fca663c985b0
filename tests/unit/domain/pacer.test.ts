import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createPacer, resting } from '#server/domain/lib/pacer.ts'

/** Does heavy work in pieces until it is told to stop. */
function work(pacer: ReturnType<typeof createPacer>) {
  const rest = pacer.begin()
  let pieces = 0
  let isOver = false
  const done = (async () => {
    while (!isOver) {
      pieces++
      await rest()
    }
  })()
  return {
    pieces: () => pieces,
    stop: () => {
      isOver = true
      return done
    },
  }
}

const milliseconds = (count: number) => new Promise(resolve => setTimeout(resolve, count))

test('heavy work without short requests continues at once, and yields in between', async () => {
  const heavy = work(createPacer())
  let others = 0
  while (heavy.pieces() < 100) {
    await nextTurn()
    others++
  }
  await heavy.stop()
  expect(others).toBeGreaterThan(50)
})

test('heavy work waits for a short request, and goes on as soon as it is over', async () => {
  const pacer = createPacer({ longestWait: 600_000 })
  const leave = pacer.enter()
  const rest = pacer.begin()()
  const order: string[] = []
  const rested = rest.then(() => order.push('heavy work'))
  await milliseconds(5)
  order.push('short request')
  leave()
  await rested
  expect(order).toEqual(['short request', 'heavy work'])
})

test('of several that wait, one goes on after each short request', async () => {
  const pacer = createPacer({ longestWait: 600_000 })
  const leaves = [1, 2, 3].map(() => pacer.enter)
  let leave = pacer.enter()
  let went = 0
  const rests = leaves.map(() =>
    pacer
      .begin()()
      .then(() => went++),
  )
  for (const enter of leaves) {
    const before = went
    await milliseconds(30)
    expect(went).toBe(before)
    leave()
    leave = enter()
    while (went === before) await milliseconds(1)
  }
  await Promise.all(rests)
})

test('short requests without end do not stop heavy work', async () => {
  const pacer = createPacer()
  pacer.enter()
  const heavy = work(pacer)
  while (heavy.pieces() < 5) await milliseconds(5)
  await heavy.stop()
})

test('rests come between chunks, all of which arrive in order', async () => {
  let rests = 0
  const chunks = await Array.fromAsync(
    resting(
      (async function* () {
        yield* [1, 2, 3]
      })(),
      async () => void rests++,
    ),
  )
  expect([chunks, rests]).toEqual([[1, 2, 3], 3])
})
