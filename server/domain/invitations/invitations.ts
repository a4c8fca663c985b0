import { and, eq, gt, isNull, lte, sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import { inviteLife } from '#server/domain/sessions/one-time-links.ts'
import { conflict, notFound } from '#shared/errors.ts'
import type { TenantRole } from '#shared/answers/users.ts'

export interface InvitationRow {
  id: string
  email: string
  role: TenantRole
  department: string | null
  invited_by: string | null
  state: 'open' | 'accepted' | 'expired' | 'revoked'
  created: Date
  expires_at: Date
  accepted_at: Date | null
  revoked_at: Date | null
}

type Invitations = TenantRealm['tables']['invitations']

/** An invitation's columns, by name: never its token. */
export function invitationColumns(invitations: Invitations) {
  return {
    id: invitations.id,
    email: invitations.email,
    role: invitations.role,
    department: invitations.department,
    invited_by: invitations.invited_by,
    state: invitationState(invitations),
    created: invitations.created,
    expires_at: invitations.expires_at,
    accepted_at: invitations.accepted_at,
    revoked_at: invitations.revoked_at,
  }
}

/** The current state of an invitation, as SQL. */
export function invitationState(invitations: Invitations) {
  return sql<
    InvitationRow['state']
  >`case when ${invitations.accepted_at} is not null then 'accepted' when ${invitations.revoked_at} is not null then 'revoked'
    when ${lte(invitations.expires_at, new Date())} then 'expired' else 'open' end`
}

/** Loads an invitation. @throws ApiError 404 */
export async function requireInvitation(
  { db, tables: { invitations } }: Pick<TenantRealm, 'db' | 'tables'>,
  id: string,
): Promise<InvitationRow> {
  const rows = await db.select(invitationColumns(invitations)).from(invitations).where(eq(invitations.id, id))
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** A condition: neither accepted nor revoked. */
export function isUnanswered(invitations: Invitations) {
  return and(isNull(invitations.accepted_at), isNull(invitations.revoked_at))
}

/** A condition: the link of the invitation works. */
export function isOpen(invitations: Invitations) {
  return and(isUnanswered(invitations), gt(invitations.expires_at, sql`now()`))
}

/** @returns when an invitation of this date expires */
export function expiryOf(from: Date): Date {
  return new Date(from.getTime() + inviteLife * 1000)
}

/** @returns the 409 for an invitation that was accepted or revoked */
export function answered({ state }: InvitationRow) {
  return conflict(`The invitation was ${state} already.`, 'in_use')
}
