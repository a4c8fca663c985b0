import { createLimiter } from '#server/domain/lib/limiter.ts'
import { ApiError } from '#shared/errors.ts'

/** Kinds of heavy work; of each, a tenant can have one running at a time. */
export type Turn = 'change' | 'export'

/** Acquired before any slot: work that would wait for the same locks, or read everything, must not fill the slots. */
export const heavyTurns = createLimiter({ parallel: 4, perRealm: 1, waiting: 40, waitLimit: 10_000, refuse: busy })

function busy(): ApiError {
  const detail = 'Another import, export or bulk change is under way. Try again when it is done.'
  return new ApiError(409, { detail, code: 'busy' }, { 'retry-after': '5' })
}
