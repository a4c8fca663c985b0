import type { Db } from '#server/database/realms.ts'

/** Claims the key of one request in its transactions. */
export interface Claim {
  /** Called at the beginning of a transaction. @throws ApiError 409 */
  begin(tx: Db): Promise<void>
  /** Called when a transaction has been committed. */
  commit(): void
  /** How to claim the key, until it is held; undefined when the work is over. */
  take: ((tx: Db) => Promise<void>) | undefined
  /** Whether a transaction that claimed the key has been committed. */
  isHeld: boolean
}

/** A claim that does nothing until it has a `take`. */
export function createClaim(): Claim {
  const claim: Claim = {
    async begin(tx) {
      if (!claim.isHeld) await claim.take?.(tx)
    },
    commit() {
      if (claim.take) claim.isHeld = true
    },
    take: undefined,
    isHeld: false,
  }
  return claim
}
