import { and, eq, isNotNull } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { endAllSessions } from '#server/domain/sessions/end.ts'
import { openLink } from '#server/domain/sessions/one-time-links.ts'
import { admitOutreach } from '#server/domain/tenants/outreach.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import { invalid } from '#shared/errors.ts'

/**
 * Checks that an Admin may give a user this address. Their own they change themselves, as a link must prove it.
 * @throws ApiError 400 on `email`; 429 in a young organisation
 */
export async function admitNewAddress(
  app: App,
  authRealm: AuthRealm,
  id: string,
  email: string,
  audit: AuditContext,
): Promise<void> {
  const { users } = authRealm.realm.tables
  const isTheirs = and(eq(users.id, id), eq(users.email, email))
  if ((await authRealm.realm.db.$count(users, isTheirs)) > 0) return
  if (id === audit.actor) throw invalid({ email: ['Change your own email address in your profile.'] })
  await admitOutreach(app, authRealm, [email])
}

/**
 * Ends what belongs to the old address: sessions and links. Both addresses are told; who has no password yet gets the
 * link to choose one at the new address.
 */
export async function followNewAddress(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  { before, after }: { before: UserRow; after: UserRow },
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  const { id, email } = after
  await endAllSessions(tx, app, authRealm, id, 'email', audit)
  await tx.delete(realm.tables.one_time_tokens).where(eq(realm.tables.one_time_tokens.user_id, id))
  await app.limits.countOutreach(tx, realm.schema, [email])
  await enqueueMail(tx, authRealm, { kind: 'email_changed', to: before.email, data: { user: id } })
  if (!after.is_active) return
  if (await hasPassword(tx, realm, id)) {
    await enqueueMail(tx, authRealm, { kind: 'email_assigned', to: email, data: { user: id } })
  } else {
    await openLink(tx, realm, 'reset', eq(realm.tables.users.id, id))
    await enqueueMail(tx, authRealm, { kind: 'welcome', to: email, data: { user: id } })
  }
}

async function hasPassword(db: Db, { tables: { users } }: Realm, id: string): Promise<boolean> {
  return (await db.$count(users, and(eq(users.id, id), isNotNull(users.password)))) > 0
}
