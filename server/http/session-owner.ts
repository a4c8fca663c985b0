import { z } from 'zod'
import { forbidden } from '#shared/errors.ts'
import type { Actor, Permission } from '#shared/permissions.ts'

export const sessionOwnerQuery = z.object({ user: z.guid('Enter a valid UUID.').optional() })

/**
 * @returns the user whose sessions are requested: the actor, unless they name another
 * @throws ApiError 403
 */
export function sessionOwner(actor: Actor, user: string | undefined, mayManage: Permission): string {
  if (user === undefined || user === actor.id) return actor.id
  if (!mayManage(actor)) throw forbidden()
  return user
}
