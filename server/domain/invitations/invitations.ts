import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import { violatedReference, violatedUnique } from '#server/database/errors.ts'
import { newId } from '#server/database/ids.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { hashOf, inviteLife, newToken } from '#server/domain/sessions/links.ts'
import { admitOutreach } from '#server/domain/tenants/outreach.ts'
import { conflict, invalid, notFound } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'
import type { TenantRole } from '#shared/types/people.ts'

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

export interface NewInvitation {
  email: string
  role: TenantRole
  department: string | null
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
    state: stateOf(invitations),
    created: invitations.created,
    expires_at: invitations.expires_at,
    accepted_at: invitations.accepted_at,
    revoked_at: invitations.revoked_at,
  }
}

/** What has become of an invitation, as of now. */
export function stateOf(invitations: Invitations) {
  return sql<
    InvitationRow['state']
  >`case when ${invitations.accepted_at} is not null then 'accepted' when ${invitations.revoked_at} is not null then 'revoked'
    when ${invitations.expires_at} <= now() then 'expired' else 'open' end`
}

/** @throws ApiError 404 */
export async function requireInvitation(
  { db, tables: { invitations } }: Pick<TenantRealm, 'db' | 'tables'>,
  id: string,
): Promise<InvitationRow> {
  const rows = await db.select(invitationColumns(invitations)).from(invitations).where(eq(invitations.id, id))
  if (!rows[0]) throw notFound()
  return rows[0]
}

/**
 * Invites someone: a mail brings a link by which she makes her account. An invitation that has expired is renewed.
 * @throws ApiError 400 naming the field: on `email` for who is a user, or invited, already; 429 after many mails to
 * one address
 */
export async function invite(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  input: NewInvitation,
  origin: Origin,
): Promise<InvitationRow> {
  const { invited, isNew } = await inviteOnce(app, authRealm, input, origin)
  if (!isNew) throw invalid({ email: ['This person has been invited already.'] })
  return invited
}

/**
 * Looks whether someone can be invited.
 * @returns her invitation, where there is an open one already
 * @throws ApiError 400 on `email` for who is a user
 */
export async function requireInvitable(realm: TenantRealm, email: string): Promise<InvitationRow | undefined> {
  const { users } = realm.tables
  if ((await realm.db.$count(users, eq(users.email, email))) > 0)
    throw invalid({ email: ['A user with this email already exists.'] })
  return findOpen(realm, email)
}

/**
 * As `invite`, but finds one that is open where there is one, and leaves it as it is.
 * @throws ApiError 400 naming the field, 429
 */
export async function inviteOnce(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  input: NewInvitation,
  origin: Origin,
): Promise<{ invited: InvitationRow; isNew: boolean }> {
  const { realm } = authRealm
  const { invitations } = realm.tables
  const open = await requireInvitable(realm, input.email)
  if (open) return { invited: open, isNew: false }
  await app.limits.admitInvitation(realm.schema, input.email)
  await admitOutreach(app, authRealm, [input.email])
  try {
    return await realm.transaction(async tx => {
      // What has expired makes room; of two who invite the same person at once, the second finds the first's below.
      await tx
        .update(invitations)
        .set({ revoked_at: sql`now()` })
        .where(
          and(eq(invitations.email, input.email), isUnanswered(invitations), sql`${invitations.expires_at} <= now()`),
        )
      const now = new Date()
      const rows = await tx
        .insert(invitations)
        .values({
          id: newId(),
          ...input,
          invited_by: origin.actor,
          token_hash: hashOf(newToken()),
          created: now,
          expires_at: expiry(now),
        })
        .returning(invitationColumns(invitations))
      const invited = rows[0]!
      await enqueueMail(tx, authRealm, { kind: 'invitation', to: invited.email, data: { invitation: invited.id } })
      await recordAudit(tx, realm, origin, { action: 'invitation.created', subject: invited.id, details: { ...input } })
      return { invited, isNew: true }
    })
  } catch (error) {
    if (violatedReference(error)) throw invalid({ department: [noSuchObject(input.department ?? '')] })
    const other = violatedUnique(error) === 'invitations_one_open' ? await findOpen(realm, input.email) : undefined
    if (!other) throw error
    return { invited: other, isNew: false }
  }
}

/**
 * Sends an invitation again, for another seven days. The new mail's link puts the older one out of use.
 * @throws ApiError 404, 409 for one that was accepted or revoked, 429
 */
export async function resendInvitation(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  id: string,
  origin: Origin,
): Promise<InvitationRow> {
  const { realm } = authRealm
  const { invitations } = realm.tables
  const before = await requireInvitation(realm, id)
  await app.limits.admitInvitation(realm.schema, before.email)
  await admitOutreach(app, authRealm, [before.email])
  return realm.transaction(async tx => {
    const rows = await tx
      .update(invitations)
      .set({ token_hash: hashOf(newToken()), expires_at: expiry(new Date()) })
      .where(and(eq(invitations.id, id), isUnanswered(invitations)))
      .returning(invitationColumns(invitations))
    if (!rows[0]) throw answered(await requireInvitation({ ...realm, db: tx }, id))
    await enqueueMail(tx, authRealm, { kind: 'invitation', to: rows[0].email, data: { invitation: id } })
    await recordAudit(tx, realm, origin, {
      action: 'invitation.resent',
      subject: id,
      details: { email: rows[0].email },
    })
    return rows[0]
  })
}

/**
 * Takes an invitation back: its link is dead.
 * @throws ApiError 404, or 409 for one that was accepted or revoked
 */
export async function revokeInvitation(realm: TenantRealm, id: string, origin: Origin): Promise<void> {
  const { invitations } = realm.tables
  await realm.transaction(async tx => {
    const rows = await tx
      .update(invitations)
      .set({ revoked_at: sql`now()` })
      .where(and(eq(invitations.id, id), isUnanswered(invitations)))
      .returning({ email: invitations.email })
    if (!rows[0]) throw answered(await requireInvitation({ ...realm, db: tx }, id))
    await recordAudit(tx, realm, origin, {
      action: 'invitation.revoked',
      subject: id,
      details: { email: rows[0].email },
    })
  })
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

function isUnanswered(invitations: Invitations) {
  return and(isNull(invitations.accepted_at), isNull(invitations.revoked_at))
}

/** Whether the link of an invitation works. */
export function isOpen(invitations: Invitations) {
  return and(isUnanswered(invitations), gt(invitations.expires_at, sql`now()`))
}

function expiry(from: Date): Date {
  return new Date(from.getTime() + inviteLife * 1000)
}

function answered({ state }: InvitationRow) {
  return conflict(`The invitation was ${state} already.`, 'in_use')
}
