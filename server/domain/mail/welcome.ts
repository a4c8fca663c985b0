import { eq } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { openLink } from '#server/domain/sessions/one-time-links.ts'
import { enqueueMail } from './outbox.ts'

/**
 * Mails a user without a password a link to choose one, in the transaction that creates the user. Older links stop
 * working.
 * @param kind the kind of mail with the link
 */
export async function mailWelcome(
  tx: Db,
  authRealm: AuthRealm,
  { id, email }: { id: string; email: string },
  kind: 'welcome' | 'signup_approved' = 'welcome',
): Promise<void> {
  const purpose = kind === 'welcome' ? 'reset' : 'welcome'
  await openLink(tx, authRealm.realm, purpose, eq(authRealm.realm.tables.users.id, id))
  await enqueueMail(tx, authRealm, { kind, to: email, data: { user: id } })
}
