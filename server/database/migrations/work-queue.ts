import { setTimeout as sleep } from 'node:timers/promises'

interface Task<Item> {
  item: Item
  /** How often it has been tried. */
  attempts: number
  /** When it may be tried again, as of `performance.now()`. */
  due: number
}

interface Work<Item> {
  /** How many may be in progress; it may change. */
  limit: () => number
  /** Whether no other is begun. */
  isOver: () => boolean
  /** @returns the milliseconds after which the item is tried again, if it is */
  work: (item: Item, attempt: number) => Promise<number | undefined>
}

/**
 * Works through items, several at a time; one that has to wait lets others go first. If one fails, or it is over, the
 * others still finish what they have begun.
 * @throws the first error of `work`
 */
export async function workThrough<Item>(items: Item[], { limit, isOver, work }: Work<Item>): Promise<void> {
  const waiting: Task<Item>[] = items.map(item => ({ item, attempts: 0, due: 0 }))
  const running = new Set<Promise<void>>()
  const errors: unknown[] = []
  const begin = (task: Task<Item>) => {
    const attempt = run(task).finally(() => running.delete(attempt))
    running.add(attempt)
  }
  const run = async (task: Task<Item>) => {
    try {
      const pause = await work(task.item, ++task.attempts)
      if (pause !== undefined) waiting.push({ ...task, due: performance.now() + pause })
    } catch (error) {
      errors.push(error)
    }
  }
  for (;;) {
    if (errors.length > 0 || isOver()) waiting.length = 0
    while (running.size < limit() && waiting.length > 0) {
      const next = takeDue(waiting)
      if (!next) break
      begin(next)
    }
    if (running.size === 0 && waiting.length === 0) break
    const isFree = running.size < limit() && waiting.length > 0
    await Promise.race([...running, ...(isFree ? [untilDue(waiting)] : [])])
  }
  if (errors.length > 0) throw errors[0]
}

function takeDue<Item>(waiting: Task<Item>[]): Task<Item> | undefined {
  const now = performance.now()
  const place = waiting.findIndex(({ due }) => due <= now)
  return place < 0 ? undefined : waiting.splice(place, 1)[0]
}

/** Milliseconds. Whether it is over is asked so often, also while all wait. */
const longestSleep = 500

async function untilDue<Item>(waiting: Task<Item>[]): Promise<void> {
  const first = Math.min(...waiting.map(({ due }) => due))
  await sleep(Math.min(longestSleep, Math.max(1, first - performance.now())))
}
