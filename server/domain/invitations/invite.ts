import { and, eq, sql } from 'drizzle-orm'
import { violatedReference, violatedUnique } from '#server/database/errors.ts'
import { newId } from '#server/database/ids.ts'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { hashOf, newToken } from '#server/domain/sessions/one-time-links.ts'
import { admitOutreach } from '#server/domain/tenants/outreach.ts'
import { invalid } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'
import { deactivatedText } from '#shared/schemas/invitations.ts'
import type { TenantRole } from '#shared/answers/users.ts'
import type { InvitationRow } from './invitations.ts'
import { expiryOf, invitationColumns, isOpen, isUnanswered } from './invitations.ts'

const takenText = 'A user with this email already exists.'

export interface NewInvitation {
  email: string
  role: TenantRole
  department: string | null
}

/**
 * Invites a person: a mail brings a link by which they create their account. An expired invitation is replaced.
 * @throws ApiError 400 on the field: on `email` where a user or an open invitation has it; 429 after many mails to one
 * address
 */
export async function invite(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  input: NewInvitation,
  audit: AuditContext,
): Promise<InvitationRow> {
  const { invited, isNew } = await inviteOnce(app, authRealm, input, audit)
  if (!isNew) throw invalid({ email: ['This person has been invited already.'] })
  return invited
}

/**
 * Checks that an address can be invited.
 * @returns the open invitation of the address, where there is one
 * @throws ApiError 400 on `email` where a user has it
 */
export async function requireInvitable(realm: TenantRealm, email: string): Promise<InvitationRow | undefined> {
  const { users } = realm.tables
  const [known] = await realm.db.select({ is_active: users.is_active }).from(users).where(eq(users.email, email))
  if (known) throw invalid({ email: [known.is_active ? takenText : deactivatedText] })
  return findOpen(realm, email)
}

/**
 * As `invite`, but returns an open invitation unchanged where there is one.
 * @throws ApiError 400 on the field, 429
 */
export async function inviteOnce(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  input: NewInvitation,
  audit: AuditContext,
): Promise<{ invited: InvitationRow; isNew: boolean }> {
  const { realm } = authRealm
  const open = await requireInvitable(realm, input.email)
  if (open) return { invited: open, isNew: false }
  await app.limits.admitInvitation(realm.schema, input.email)
  await admitOutreach(app, authRealm, [input.email])
  try {
    const invited = await realm.transaction(tx => insertAndMail(tx, app, authRealm, input, audit))
    return { invited, isNew: true }
  } catch (error) {
    return { invited: await findOther(realm, input, error), isNew: false }
  }
}

async function insertAndMail(
  tx: Db,
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  input: NewInvitation,
  audit: AuditContext,
): Promise<InvitationRow> {
  const { realm } = authRealm
  await revokeExpired(tx, realm, input.email)
  const invited = await insertInvitation(tx, realm, input, audit)
  await app.limits.countOutreach(tx, realm.schema, [invited.email])
  await enqueueMail(tx, authRealm, { kind: 'invitation', to: invited.email, data: { invitation: invited.id } })
  await recordAudit(tx, realm, audit, { action: 'invitation.created', subject: invited.id, details: { ...input } })
  return invited
}

// An expired invitation makes room.
async function revokeExpired(tx: Db, { tables: { invitations } }: TenantRealm, email: string): Promise<void> {
  await tx
    .update(invitations)
    .set({ revoked_at: sql`now()` })
    .where(and(eq(invitations.email, email), isUnanswered(invitations), sql`${invitations.expires_at} <= now()`))
}

async function insertInvitation(
  tx: Db,
  { tables: { invitations } }: TenantRealm,
  input: NewInvitation,
  { actor }: AuditContext,
): Promise<InvitationRow> {
  const now = new Date()
  const times = { created: now, expires_at: expiryOf(now) }
  const rows = await tx
    .insert(invitations)
    .values({ id: newId(), ...input, invited_by: actor, token_hash: hashOf(newToken()), ...times })
    .returning(invitationColumns(invitations))
  return rows[0]!
}

/**
 * Where two requests invite one address, the second finds the first's invitation.
 * @throws ApiError 400 on `department`, or the error itself
 */
async function findOther(
  realm: TenantRealm,
  { email, department }: NewInvitation,
  error: unknown,
): Promise<InvitationRow> {
  if (violatedReference(error)) throw invalid({ department: [noSuchObject(department ?? '')] })
  const other = violatedUnique(error) === 'invitations_one_open' ? await findOpen(realm, email) : undefined
  if (!other) throw error
  return other
}

async function findOpen(
  { db, tables: { invitations } }: TenantRealm,
  email: string,
): Promise<InvitationRow | undefined> {
  const rows = await db
    .select(invitationColumns(invitations))
    .from(invitations)
    .where(and(eq(invitations.email, email), isOpen(invitations)))
  return rows[0]
}
