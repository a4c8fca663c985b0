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

interface State<Grant> extends Required<LinesOptions<Grant>> {
  lines: Map<string, Waiter<Grant>[]>
  length: number
}

export function createLines<Grant>(options: LinesOptions<Grant>): Lines<Grant> {
  const state: State<Grant> = { isFull: () => false, ...options, lines: new Map(), length: 0 }
  return {
    join: key => join(state, key),
    advance: () => advance(state),
    dismiss: () => dismiss(state),
    length: () => state.length,
  }
}

async function join<Grant>(state: State<Grant>, key: string): Promise<Grant> {
  const grant = state.lines.has(key) ? undefined : state.find(key, 0)
  return grant ?? wait(state, key)
}

function wait<Grant>(state: State<Grant>, key: string): Promise<Grant> {
  if (state.length >= state.limit) makeRoom(state, key)
  return new Promise((take, reject) => {
    const waiter = {
      since: performance.now(),
      take,
      timer: setTimeout(() => leave(state, key, waiter), state.waitLimit),
      fail: () => reject(state.refuse()),
    }
    const line = state.lines.get(key)
    if (line) line.push(waiter)
    else state.lines.set(key, [waiter])
    state.length++
  })
}

function makeRoom<Grant>(state: State<Grant>, key: string): void {
  const [longest, line] = [...state.lines].reduce((a, b) => (b[1].length > a[1].length ? b : a))
  if (longest === key || line.length <= (state.lines.get(key)?.length ?? 0) + 1) throw state.refuse()
  leave(state, longest, line.at(-1)!)
}

function leave<Grant>(state: State<Grant>, key: string, waiter: Waiter<Grant>): void {
  remove(state, key, waiter)
  waiter.fail()
}

function remove<Grant>(state: State<Grant>, key: string, waiter: Waiter<Grant>): void {
  clearTimeout(waiter.timer)
  const line = state.lines.get(key)!
  line.splice(line.indexOf(waiter), 1)
  if (line.length === 0) state.lines.delete(key)
  state.length--
}

function advance<Grant>(state: State<Grant>): void {
  const { lines } = state
  for (const [key, line] of lines) {
    if (state.isFull()) return
    const first = line[0]!
    const grant = state.find(key, performance.now() - first.since)
    if (grant === undefined) continue
    remove(state, key, first)
    // Moved to the end, where it is tried once more in this round.
    if (lines.delete(key)) lines.set(key, line)
    first.take(grant)
  }
}

function dismiss<Grant>(state: State<Grant>): void {
  for (const [key, line] of [...state.lines]) for (const waiter of [...line]) leave(state, key, waiter)
}
