import { Readable } from 'node:stream'
import type { H3Event } from 'h3'
import type { Limiter } from '#server/domain/lib/limiter.ts'
import { createLimiter } from '#server/domain/lib/limiter.ts'
import { ApiError, unavailable } from '#shared/errors.ts'

/** Kinds of heavy work. A tenant can have one of each kind running at a time. */
export type Turn = 'change' | 'export'

const limits = { parallel: 4, perRealm: 1, waiting: 40, waitLimit: 10_000, refuse: busy }
/** One for each kind: a slow download does not block changes. */
const limiters: Record<Turn, Limiter> = { change: createLimiter(limits), export: createLimiter(limits) }

/**
 * Does heavy work in its tenant's turn. The turn is taken before any slot, because work that waits for the same locks,
 * or reads everything, must not fill the slots. The turn ends with the work, even if the client has disconnected. If
 * the result is a file that is still being read, the turn ends with the file.
 * @param realm the tenant's schema
 * @throws ApiError 409 `busy` if other work of the tenant takes too long, and what `work` throws
 */
export async function inTurn(event: H3Event, turn: Turn, realm: string, work: () => unknown): Promise<unknown> {
  const end = await limiters[turn].take(realm)
  try {
    // The client has disconnected, so nobody would get the result.
    if (event.node.res.destroyed) throw unavailable()
    const result = await work()
    if (result instanceof Readable && !result.destroyed) result.once('close', end)
    else end()
    return result
  } catch (error) {
    end()
    throw error
  }
}

function busy(): ApiError {
  const detail = 'Another import, export or bulk change is under way. Try again when it is done.'
  return new ApiError(409, { detail, code: 'busy' }, { 'retry-after': '5' })
}
