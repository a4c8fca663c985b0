import { and, eq } from 'drizzle-orm'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { hashOf, newToken } from '#server/domain/sessions/one-time-links.ts'
import { admitOutreach } from '#server/domain/tenants/outreach.ts'
import type { InvitationRow } from './invitations.ts'
import { answered, expiryOf, invitationColumns, isUnanswered, requireInvitation } from './invitations.ts'

/**
 * Sends an invitation again, for another seven days. The link in the older mail stops working.
 * @throws ApiError 404, 409 where it was accepted or revoked, 429
 */
export async function resendInvitation(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  id: string,
  audit: AuditContext,
): Promise<InvitationRow> {
  const { realm } = authRealm
  const before = await requireInvitation(realm, id)
  await app.limits.admitInvitation(realm.schema, before.email)
  await admitOutreach(app, authRealm, [before.email])
  return realm.transaction(async tx => {
    const invited = await renew(tx, realm, id)
    const { email } = invited
    await app.limits.countOutreach(tx, realm.schema, [email])
    await enqueueMail(tx, authRealm, { kind: 'invitation', to: email, data: { invitation: id } })
    await recordAudit(tx, realm, audit, { action: 'invitation.resent', subject: id, details: { email } })
    return invited
  })
}

async function renew(tx: Db, realm: TenantRealm, id: string): Promise<InvitationRow> {
  const { invitations } = realm.tables
  const rows = await tx
    .update(invitations)
    .set({ token_hash: hashOf(newToken()), expires_at: expiryOf(new Date()) })
    .where(and(eq(invitations.id, id), isUnanswered(invitations)))
    .returning(invitationColumns(invitations))
  if (!rows[0]) throw answered(await requireInvitation({ ...realm, db: tx }, id))
  return rows[0]
}
