import { eq } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { openLink } from '#server/domain/sessions/links.ts'
import { enqueueMail } from './outbox.ts'

/**
 * Mails someone who has no password yet a link to choose one, in the transaction that makes the account; any link that
 * was made before is of no use any more.
 * @param kind which mail brings it
 */
export async function mailWelcome(
  tx: Db,
  authRealm: AuthRealm,
  { id, email }: { id: string; email: string },
  kind: 'welcome' | 'signup_approved' = 'welcome',
): Promise<void> {
  await openLink(tx, authRealm.realm, 'reset', eq(authRealm.realm.tables.users.id, id))
  await enqueueMail(tx, authRealm, { kind, to: email, data: { user: id } })
}
