import type { App, AuditContext } from '#server/domain/context.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { enqueueOperation } from '#server/domain/operations/enqueue.ts'
import type { OperationWork } from '#server/domain/operations/work.ts'
import { ApiError } from '#shared/errors.ts'
import { listKeyOwners, rotateKey } from './rotate.ts'

/** The result of rotating all keys. A realm whose next key is pending counts as done. */
interface Rotations {
  rotated: number
  failed: { subdomain: string; error: string }[]
}

/** Queues the rotation of every tenant's key, and the console's. @returns the operation's id */
export function requestRotations(app: App, audit: AuditContext): Promise<string> {
  return app.database.platform.transaction(tx => enqueueOperation(tx, app, audit, { kind: 'rotation', tenant: null }))
}

/** Rotates one realm after another. A restart skips realms whose next key is pending. */
export const rotateAllKeys: OperationWork = async (app, { requested_by }, report) => {
  const owners = await listKeyOwners(app)
  const result: Rotations = { rotated: 0, failed: [] }
  report.begin('Rotating the keys', owners.length)
  for (const owner of owners) {
    try {
      await rotateKey(app, owner, { actor: requested_by, ip: null, request_id: null })
      result.rotated++
    } catch (error) {
      const isOnItsWay = error instanceof ApiError && error.body.code === 'wrong_state'
      // A broken tenant does not stop the others.
      if (!isOnItsWay) result.failed.push({ subdomain: owner.subdomain, error: messageOf(error) })
    }
    report.advance()
  }
  return { ...result }
}
