import { and, eq, sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuditContext } from '#server/domain/context.ts'
import { answered, isUnanswered, requireInvitation } from './invitations.ts'

/**
 * Revokes an invitation: its link stops working.
 * @throws ApiError 404, or 409 where it was accepted or revoked
 */
export async function revokeInvitation(realm: TenantRealm, id: string, audit: AuditContext): Promise<void> {
  const { invitations } = realm.tables
  await realm.transaction(async tx => {
    const rows = await tx
      .update(invitations)
      .set({ revoked_at: sql`now()` })
      .where(and(eq(invitations.id, id), isUnanswered(invitations)))
      .returning({ email: invitations.email })
    if (!rows[0]) throw answered(await requireInvitation({ ...realm, db: tx }, id))
    await recordAudit(tx, realm, audit, { action: 'invitation.revoked', subject: id, details: rows[0] })
  })
}
