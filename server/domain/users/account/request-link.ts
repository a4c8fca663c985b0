import type { SQL } from 'drizzle-orm'
import { and, eq } from 'drizzle-orm'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { isReachable, openLink } from '#server/domain/sessions/one-time-links.ts'

/**
 * Queues a mail with a link. The statements are the same for every address: whether an account exists, and whether
 * there is something to send, is found out when the mail is sent.
 * @throws ApiError 429
 */
export async function requestLink(
  app: App,
  authRealm: AuthRealm,
  email: string,
  audit: AuditContext,
  purpose: 'activation' | 'reset',
  condition?: SQL,
): Promise<void> {
  const { realm } = authRealm
  await app.limits.countMailRequest(realm.schema, audit.ip)
  if (!(await app.limits.admitMail(realm.schema, email))) return
  await realm.transaction(async tx => {
    await openLink(tx, realm, purpose, and(eq(realm.tables.users.email, email), isReachable(realm), condition)!)
    const kind = purpose === 'reset' ? 'password_reset' : 'activation_request'
    await enqueueMail(tx, authRealm, { kind, to: email, data: {} })
  })
}
