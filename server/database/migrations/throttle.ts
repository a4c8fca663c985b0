/** How many schemas are migrated at the same time: more while that goes well, half when something is in the way. */
export interface Throttle {
  /** The current number. */
  limit(): number
  /** One was migrated, in so many milliseconds. */
  succeeded(duration: number): void
  /** @param started when that attempt began, as of `performance.now()` */
  obstructed(started: number): void
}

/** While a schema takes longer than this many times the usual, more at once would only slow down all. */
const slowdown = 2
/** The weight of the newest duration in the average. */
const weight = 0.2
const forgetting = 1.02

/** @param most the largest number. It begins with one */
export function createThrottle(most: number): Throttle {
  let limit = 1
  let average = 0
  let best = Number.POSITIVE_INFINITY
  let reduced = Number.NEGATIVE_INFINITY
  return {
    limit: () => Math.floor(limit),
    succeeded(duration) {
      average = average === 0 ? duration : average * (1 - weight) + duration * weight
      // Slowly forgotten, as larger schemas may follow.
      best = Math.min(best * forgetting, average)
      // One more for as many as are in progress: a round.
      if (average <= slowdown * best) limit = Math.min(most, limit + 1 / Math.floor(limit))
      else if (limit > 1) limit = Math.max(1, limit - 1 / Math.floor(limit))
    },
    obstructed(started) {
      // All that were in progress meet the same obstacle.
      if (started < reduced) return
      reduced = performance.now()
      limit = Math.max(1, limit / 2)
    },
  }
}
