import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { hashOf, newToken, wrongLink } from '#server/domain/sessions/one-time-links.ts'
import { requireOpenTenant } from '#server/domain/tenants/lifecycle/standing.ts'
import { insertUser } from '#server/domain/users/create.ts'
import { hashNewPassword } from '#server/domain/users/passwords.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import { invalid } from '#shared/errors.ts'
import type { acceptInvitationSchema } from '#shared/schemas/invitations.ts'
import type { TenantRole } from '#shared/answers/users.ts'
import type { InvitationRow } from './invitations.ts'
import { invitationColumns, isOpen } from './invitations.ts'

/** An invitation as its link shows it to the invited person. */

export interface IssuedInvitation {
  link: string
  inviter: { first_name: string; last_name: string; email: string } | null
  /** The name of the department. */
  department: string | null
  role: TenantRole
  expires_at: Date
}

/** Creates an invitation's link when its mail is sent. @returns undefined if the invitation is not open any more */
export async function issueInvitationLink(
  { realm, origin }: AuthRealm<TenantRealm>,
  id: string,
): Promise<IssuedInvitation | undefined> {
  const { invitations } = realm.tables
  const token = newToken()
  const rows = await realm.db
    .update(invitations)
    .set({ token_hash: hashOf(token) })
    .where(and(eq(invitations.id, id), isOpen(invitations)))
    .returning(invitationColumns(invitations))
  return rows[0] && { link: `${origin}/invite/${token}`, ...(await describeInvitation(realm, rows[0])) }
}

async function describeInvitation(
  realm: TenantRealm,
  { invited_by, department, role, expires_at }: InvitationRow,
): Promise<Omit<IssuedInvitation, 'link'>> {
  const [inviter, departmentName] = await Promise.all([
    findUser(realm, invited_by),
    findDepartmentName(realm, department),
  ])
  return { inviter, department: departmentName, role, expires_at }
}

/**
 * Finds an open invitation by its link, without using it up.
 * @throws ApiError 400 on `token`, the same whatever is wrong with it; 429 after many wrong links
 */
export async function requireInvitationByToken(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  token: string,
  audit: AuditContext,
): Promise<InvitationRow> {
  const { realm } = authRealm
  const { invitations } = realm.tables
  await Promise.all([requireOpenTenant(realm.db, authRealm), app.limits.checkLinks(realm.schema, audit.ip)])
  const rows = await realm.db
    .select(invitationColumns(invitations))
    .from(invitations)
    .where(and(eq(invitations.token_hash, hashOf(token)), isOpen(invitations)))
  if (!rows[0]) throw await wrongLink(app, realm, audit, { token: [invalidToken] })
  return rows[0]
}

/**
 * Creates the account of an invited person. It is active at once, because the link proves the address. Of two
 * simultaneous calls, one succeeds.
 * @throws ApiError 400 naming the field, 429, 503
 */
export async function acceptInvitation(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  input: Omit<z.output<typeof acceptInvitationSchema>, 're_password'>,
  audit: AuditContext,
): Promise<UserRow> {
  const { realm } = authRealm
  const { token, password, ...names } = input
  const { id, email } = await requireInvitationByToken(app, authRealm, token, audit)
  const hash = await hashNewPassword(app, authRealm, { ...names, email }, password)
  return realm.transaction(async tx => {
    const granted = await markAccepted(tx, realm, id, token)
    const row = { email, ...names, ...granted, password: hash, activated_at: new Date() }
    const user = await insertUser(tx, realm, row)
    const byUser = { ...audit, actor: user.id }
    const details = { invitation: id, role: user.role }
    await recordAudit(tx, realm, byUser, { action: 'invitation.accepted', subject: user.id, details })
    return user
  })
}

/** @returns what the invitation grants. @throws ApiError 400 on `token` where it is not open any more */
async function markAccepted(tx: Db, { tables: { invitations } }: TenantRealm, id: string, token: string) {
  const accepted = await tx
    .update(invitations)
    .set({ accepted_at: sql`now()` })
    .where(and(eq(invitations.id, id), eq(invitations.token_hash, hashOf(token)), isOpen(invitations)))
    .returning({ role: invitations.role, department: invitations.department })
  if (!accepted[0]) throw invalid({ token: [invalidToken] })
  return accepted[0]
}

/** @returns null if there is none */
export async function findDepartmentName(
  { db, tables: { departments } }: TenantRealm,
  id: string | null,
): Promise<string | null> {
  const rows = id ? await db.select({ name: departments.name }).from(departments).where(eq(departments.id, id)) : []
  return rows[0]?.name ?? null
}

async function findUser(
  { db, tables: { users } }: TenantRealm,
  id: string | null,
): Promise<IssuedInvitation['inviter']> {
  const rows = id
    ? await db
        .select({ first_name: users.first_name, last_name: users.last_name, email: users.email })
        .from(users)
        .where(eq(users.id, id))
    : []
  return rows[0] ?? null
}

const invalidToken = 'This invitation has been used or revoked, or is too old.'
