/**
 * Queues of waiting callers, one per key. The queues are served in turns, so that a long one does not delay the
 * others.
 */
export interface Lines<Grant> {
  /**
   * @returns a grant, as soon as it is this caller's turn and `find` has one
   * @throws what `refuse` creates
   */
  join(key: string): Promise<Grant>
  /** Call when a grant may have become free. */
  advance(): void
  /** Rejects all waiting callers. */
  dismiss(): void
  length(): number
}

export interface LinesOptions<Grant> {
  /**
   * Takes a grant for the key's next caller, or returns undefined.
   * @param waited milliseconds
   */
  find: (key: string, waited: number) => Grant | undefined
  /** Whether no grant is free for any key, so that `find` need not be called; by default never. */
  isFull?: () => boolean
  /** Milliseconds. */
  waitLimit: number
  /**
   * How many callers may wait in total. At the limit, a caller of a shorter queue replaces the last one of the
   * longest queue.
   */
  limit: number
  refuse: () => Error
}

interface Waiter<Grant> {
  since: number
  timer: NodeJS.Timeout
  take: (grant: Grant) => void
  fail: () => void
}

export function createLines<Grant>({
  find,
  isFull = () => false,
  waitLimit,
  limit,
  refuse,
}: LinesOptions<Grant>): Lines<Grant> {
  const lines = new Map<string, Waiter<Grant>[]>()
  let length = 0

  return { join, advance, dismiss, length: () => length }

  async function join(key: string): Promise<Grant> {
    const grant = lines.has(key) ? undefined : find(key, 0)
    return grant ?? wait(key)
  }

  function wait(key: string): Promise<Grant> {
    if (length >= limit) makeRoom(key)
    return new Promise((take, reject) => {
      const waiter = {
        since: performance.now(),
        take,
        timer: setTimeout(() => leave(key, waiter), waitLimit),
        fail: () => reject(refuse()),
      }
      const line = lines.get(key)
      if (line) line.push(waiter)
      else lines.set(key, [waiter])
      length++
    })
  }

  function makeRoom(key: string): void {
    const [longest, line] = [...lines].reduce((a, b) => (b[1].length > a[1].length ? b : a))
    if (longest === key || line.length <= (lines.get(key)?.length ?? 0) + 1) throw refuse()
    leave(longest, line.at(-1)!)
  }

  function leave(key: string, waiter: Waiter<Grant>): void {
    remove(key, waiter)
    waiter.fail()
  }

  function remove(key: string, waiter: Waiter<Grant>): void {
    clearTimeout(waiter.timer)
    const line = lines.get(key)!
    line.splice(line.indexOf(waiter), 1)
    if (line.length === 0) lines.delete(key)
    length--
  }

  function advance(): void {
    for (const [key, line] of lines) {
      if (isFull()) return
      const first = line[0]!
      const grant = find(key, performance.now() - first.since)
      if (grant === undefined) continue
      remove(key, first)
      // Moved to the end, where it is tried once more in this round.
      if (lines.delete(key)) lines.set(key, line)
      first.take(grant)
    }
  }

  function dismiss(): void {
    for (const [key, line] of [...lines]) for (const waiter of [...line]) leave(key, waiter)
  }
}
