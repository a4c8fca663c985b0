import { recordAudit } from '#server/domain/audit/audit.ts'
import { hashNewPassword, replacePassword, requireCurrentPassword } from '#server/domain/users/passwords.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { setPasswordSchema } from '#shared/schemas/users.ts'

/** Ends every session except the caller's. */
export default defineRealmRoute(
  { summary: 'Change the own password', access: 'signed-in', body: setPasswordSchema, status: 204 },
  async ({ app, authRealm, principal, body, audit }) => {
    const { user, session } = principal
    await requireCurrentPassword(app, authRealm, user, body.current_password, audit)
    const hash = await hashNewPassword(app, authRealm, user, body.new_password, { field: 'new_password' })
    await authRealm.realm.transaction(async tx => {
      await replacePassword(tx, app, authRealm, user.id, hash, audit, session.id)
      await recordAudit(tx, authRealm.realm, audit, { action: 'user.password_changed', subject: user.id })
    })
  },
)
