import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { conflict, invalid, notFound } from '../../shared/errors.ts'
import { nameOf } from '../../shared/person-name.ts'
import { noSuchObject } from '../../shared/schemas/fields.ts'
import type { acceptInvitationSchema } from '../../shared/schemas/invitation.ts'
import type { TenantRole } from '../../shared/types/api.ts'
import { violatedReference, violatedUnique } from '../database/errors.ts'
import { newId } from '../database/ids.ts'
import type { Db, TenantRealm } from '../database/realms.ts'
import type { App, Origin } from './app.ts'
import { recordAudit } from './audit.ts'
import type { AuthRealm } from './auth-realm.ts'
import { hashOf, inviteLife, newToken, wrongLink } from './one-time-links.ts'
import { enqueueMail } from './outbox.ts'
import type { UserRow } from './users.ts'
import { hashNewPassword, insertUser } from './users.ts'

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

export interface NewInvitation { email: string, role: TenantRole, department: string | null }

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
  return sql<InvitationRow['state']>`case when ${invitations.accepted_at} is not null then 'accepted' when ${invitations.revoked_at} is not null then 'revoked'
    when ${invitations.expires_at} <= now() then 'expired' else 'open' end`
}

/** @throws ApiError 404 */
export async function requireInvitation({ db, tables: { invitations } }: TenantRealm, id: string): Promise<InvitationRow> {
  const rows = await db.select(invitationColumns(invitations)).from(invitations).where(eq(invitations.id, id))
  if (!rows[0]) throw notFound()
  return rows[0]
}

/**
 * Invites someone: a mail brings a link by which she makes her account. An invitation that has expired is renewed.
 * @throws ApiError 400 naming the field: on `email` for who is a user, or invited, already; 429 after many mails to one address
 */
export async function invite(app: App, authRealm: AuthRealm<TenantRealm>, input: NewInvitation, origin: Origin): Promise<InvitationRow> {
  const { invited, isNew } = await inviteOnce(app, authRealm, input, origin)
  if (!isNew) throw invalid({ email: ['This person has been invited already.'] })
  return invited
}

/**
 * As `invite`, but finds one that is open where there is one, and leaves it as it is.
 * @throws ApiError 400 naming the field, 429
 */
export async function inviteOnce(app: App, authRealm: AuthRealm<TenantRealm>, input: NewInvitation, origin: Origin): Promise<{ invited: InvitationRow, isNew: boolean }> {
  const { realm } = authRealm
  const { invitations, users } = realm.tables
  if (await realm.db.$count(users, eq(users.email, input.email)) > 0) throw invalid({ email: ['A user with this email already exists.'] })
  const open = await findOpen(realm, input.email)
  if (open) return { invited: open, isNew: false }
  await app.limits.admitInvitation(realm.schema, input.email)
  try {
    return await realm.transaction(async (tx) => {
      // What has expired makes room; of two who invite the same person at once, the second finds the first's below.
      await tx.update(invitations).set({ revoked_at: sql`now()` }).where(and(eq(invitations.email, input.email), isUnanswered(invitations), sql`${invitations.expires_at} <= now()`))
      const now = new Date()
      const rows = await tx.insert(invitations).values({ id: newId(), ...input, invited_by: origin.actor, token_hash: hashOf(newToken()), created: now, expires_at: expiry(now) })
        .returning(invitationColumns(invitations))
      const invited = rows[0]!
      await enqueueMail(tx, authRealm, { kind: 'invitation', to: invited.email, data: { invitation: invited.id } })
      await recordAudit(tx, realm, origin, { action: 'invitation.created', subject: invited.id, details: { ...input } })
      return { invited, isNew: true }
    })
  }
  catch (error) {
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
export async function resendInvitation(app: App, authRealm: AuthRealm<TenantRealm>, id: string, origin: Origin): Promise<InvitationRow> {
  const { realm } = authRealm
  const { invitations } = realm.tables
  const before = await requireInvitation(realm, id)
  await app.limits.admitInvitation(realm.schema, before.email)
  return realm.transaction(async (tx) => {
    const rows = await tx.update(invitations).set({ token_hash: hashOf(newToken()), expires_at: expiry(new Date()) })
      .where(and(eq(invitations.id, id), isUnanswered(invitations))).returning(invitationColumns(invitations))
    if (!rows[0]) throw answered(await requireInvitation(realm, id))
    await enqueueMail(tx, authRealm, { kind: 'invitation', to: rows[0].email, data: { invitation: id } })
    await recordAudit(tx, realm, origin, { action: 'invitation.resent', subject: id, details: { email: rows[0].email } })
    return rows[0]
  })
}

/**
 * Takes an invitation back: its link is dead.
 * @throws ApiError 404, or 409 for one that was accepted or revoked
 */
export async function revokeInvitation(realm: TenantRealm, id: string, origin: Origin): Promise<void> {
  const { invitations } = realm.tables
  await realm.transaction(async (tx) => {
    const rows = await tx.update(invitations).set({ revoked_at: sql`now()` }).where(and(eq(invitations.id, id), isUnanswered(invitations))).returning({ email: invitations.email })
    if (!rows[0]) throw answered(await requireInvitation(realm, id))
    await recordAudit(tx, realm, origin, { action: 'invitation.revoked', subject: id, details: { email: rows[0].email } })
  })
}

/**
 * Finds an open invitation by its link, without using it up.
 * @throws ApiError 400 on `token`, the same whatever is wrong with it; 429 after many wrong links
 */
export async function requireInvitationByToken(app: App, { realm }: AuthRealm<TenantRealm>, token: string, origin: Origin): Promise<InvitationRow> {
  const { invitations } = realm.tables
  await app.limits.checkLinks(realm.schema, origin.ip)
  const rows = await realm.db.select(invitationColumns(invitations)).from(invitations).where(and(eq(invitations.token_hash, hashOf(token)), isOpen(invitations)))
  if (!rows[0]) throw await wrongLink(app, realm, origin, { token: [invalidToken] })
  return rows[0]
}

/**
 * Makes the account of someone who was invited, active at once, as the link has proven the address. Once: of two
 * at a time, one succeeds.
 * @throws ApiError 400 naming the field, 429, 503
 */
export async function acceptInvitation(app: App, authRealm: AuthRealm<TenantRealm>, input: Omit<z.output<typeof acceptInvitationSchema>, 're_password'>, origin: Origin): Promise<UserRow> {
  const { realm } = authRealm
  const { invitations } = realm.tables
  const { token, password, ...names } = input
  const { id, email } = await requireInvitationByToken(app, authRealm, token, origin)
  const hash = await hashNewPassword(app, authRealm, { ...names, email }, password)
  return realm.transaction(async (tx) => {
    const accepted = await tx.update(invitations).set({ accepted_at: sql`now()` })
      .where(and(eq(invitations.id, id), eq(invitations.token_hash, hashOf(token)), isOpen(invitations)))
      .returning({ role: invitations.role, department: invitations.department })
    if (!accepted[0]) throw invalid({ token: [invalidToken] })
    const user = await insertUser(tx, realm, { email, ...names, ...accepted[0], password: hash, activated_at: new Date() })
    await recordAudit(tx, realm, { ...origin, actor: user.id }, { action: 'invitation.accepted', subject: user.id, details: { invitation: id, role: user.role } })
    return user
  })
}

/** Makes an invitation's link, as its mail is sent. @returns undefined for one that is not open any more */
export async function issueInvitationLink({ realm, origin }: AuthRealm<TenantRealm>, id: string, db: Db = realm.db): Promise<{ link: string, inviter: string | null } | undefined> {
  const { invitations, users } = realm.tables
  const token = newToken()
  const rows = await db.update(invitations).set({ token_hash: hashOf(token) }).where(and(eq(invitations.id, id), isOpen(invitations))).returning({ invited_by: invitations.invited_by })
  if (!rows[0]) return undefined
  const inviters = rows[0].invited_by
    ? await db.select({ first_name: users.first_name, last_name: users.last_name, email: users.email }).from(users).where(eq(users.id, rows[0].invited_by))
    : []
  return { link: `${origin}/invite/${token}`, inviter: inviters[0] ? nameOf(inviters[0]) : null }
}

const invalidToken = 'This invitation has been used or revoked, or is too old.'

async function findOpen({ db, tables: { invitations } }: TenantRealm, email: string): Promise<InvitationRow | undefined> {
  const rows = await db.select(invitationColumns(invitations)).from(invitations).where(and(eq(invitations.email, email), isOpen(invitations)))
  return rows[0]
}

function isUnanswered(invitations: Invitations) {
  return and(isNull(invitations.accepted_at), isNull(invitations.revoked_at))
}

function isOpen(invitations: Invitations) {
  return and(isUnanswered(invitations), gt(invitations.expires_at, sql`now()`))
}

function expiry(from: Date): Date {
  return new Date(from.getTime() + inviteLife * 1000)
}

function answered({ state }: InvitationRow) {
  return conflict(`The invitation was ${state} already.`, 'in_use')
}
