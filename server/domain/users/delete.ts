import { eq } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { imageFolder, deleteImageFolder } from '#server/domain/images/files.ts'
import { endSupportAccessesBy } from '#server/domain/support/sessions.ts'
import { notFound } from '#shared/errors.ts'
import { keepAnAdmin } from './last-admin.ts'

/** Deletes a user and their photos. @throws ApiError 404, or 409 for the last active Admin */
export async function deleteUser(app: App, authRealm: AuthRealm, id: string, audit: AuditContext): Promise<void> {
  const { realm, kind } = authRealm
  await realm.transaction(async tx => {
    await keepAnAdmin(tx, realm, id)
    const details = await deleteRow(tx, authRealm, id, audit)
    if (kind === 'platform') await endSupportAccessesBy(tx, app, id, audit)
    await recordAudit(tx, realm, audit, { action: 'user.deleted', subject: id, details })
  })
  await deleteImageFolder(imageFolder(app, realm, id))
}

/** @returns who it was */
async function deleteRow(tx: Db, { realm, recheck }: AuthRealm, id: string, audit: AuditContext) {
  const { users } = realm.tables
  await tx.select({ id: users.id }).from(users).where(eq(users.id, id)).for('update')
  if (id === audit.actor) await recheck?.(tx, { isLast: true })
  const deleted = await tx
    .delete(users)
    .where(eq(users.id, id))
    .returning({ email: users.email, first_name: users.first_name, last_name: users.last_name, role: users.role })
  if (!deleted[0]) throw notFound()
  return deleted[0]
}
