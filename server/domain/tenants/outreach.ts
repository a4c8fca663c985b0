import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { youth } from '#server/domain/sessions/limits.ts'

/**
 * Counts mails to people whom an Admin chose. Anyone can sign up an organisation and become its Admin. So an
 * organisation that is young and was not approved by an operator can send only few, and only few to one mailbox.
 * @throws ApiError 429
 */
export async function admitOutreach(app: App, authRealm: AuthRealm, mailboxes: string[]): Promise<void> {
  if (mailboxes.length === 0 || !(await isYoung(app, authRealm))) return
  await app.limits.countYoungMails(authRealm.id, mailboxes.length)
  for (const mailbox of mailboxes) await app.limits.countStranger(mailbox)
}

export async function isYoung({ database }: App, { kind, id }: AuthRealm): Promise<boolean> {
  if (kind === 'platform') return false
  const { tenants, signups } = database.platform.tables
  const isNew = gt(tenants.created, sql`now() - make_interval(days => ${youth})`)
  const rows = await database.platform.db
    .select({ id: tenants.id })
    .from(tenants)
    .innerJoin(signups, eq(signups.tenant, tenants.id))
    .where(and(eq(tenants.id, id), isNew, isNull(signups.approved_at)))
  return rows.length > 0
}
