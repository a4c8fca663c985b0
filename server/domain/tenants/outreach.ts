import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { youth } from '#server/domain/sessions/limits.ts'

/**
 * Counts mails to people of an Admin's choice. Anyone can sign an organisation up and be its Admin, so one that is
 * young and that no operator has approved sends few of them, and few to any one mailbox.
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
