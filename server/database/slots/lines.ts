/** Lines of those who wait, one for each key: the lines take turns, so that a long one does not hold up the others. */
export interface Lines<Place> {
  /** @returns a place, as soon as it is this caller's turn and `find` has one. @throws what `refuse` makes */
  join(key: string): Promise<Place>
  /** To be called when there may be a place again. */
  advance(): void
  /** Sends everyone away. */
  dismiss(): void
  length(): number
}

export interface LinesOptions<Place> {
  /**
   * Takes a place for the key's next one, or gives undefined.
   * @param waited milliseconds
   */
  find: (key: string, waited: number) => Place | undefined
  /** Whether there is no place for anyone, so that nobody needs to be asked; never unless said. */
  isFull?: () => boolean
  /** Milliseconds. */
  waitLimit: number
  /** How many may wait in all; then the last of the longest line gives way to who comes to a shorter one. */
  limit: number
  refuse: () => Error
}

interface Waiter<Place> {
  since: number
  timer: NodeJS.Timeout
  take: (place: Place) => void
  fail: () => void
}

export function createLines<Place>({
  find,
  isFull = () => false,
  waitLimit,
  limit,
  refuse,
}: LinesOptions<Place>): Lines<Place> {
  const lines = new Map<string, Waiter<Place>[]>()
  let length = 0

  return { join, advance, dismiss, length: () => length }

  async function join(key: string): Promise<Place> {
    const place = lines.has(key) ? undefined : find(key, 0)
    return place ?? wait(key)
  }

  function wait(key: string): Promise<Place> {
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

  function leave(key: string, waiter: Waiter<Place>): void {
    remove(key, waiter)
    waiter.fail()
  }

  function remove(key: string, waiter: Waiter<Place>): void {
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
      const place = find(key, performance.now() - first.since)
      if (place === undefined) continue
      remove(key, first)
      // Behind the others, where it is looked at once more in this very round.
      if (lines.delete(key)) lines.set(key, line)
      first.take(place)
    }
  }

  function dismiss(): void {
    for (const [key, line] of [...lines]) for (const waiter of [...line]) leave(key, waiter)
  }
}
