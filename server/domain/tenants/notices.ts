import { eq } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import { consoleRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import type { Language } from '#shared/dates.ts'
import type { TenantRow } from './tenants.ts'

/** The notices that the platform sends to an organisation. */
export type TenantNotice =
  | { event: 'suspended'; reason: string | null }
  | { event: 'deletion_scheduled'; reason: string | null; until: Date }
  | { event: 'resumed' | 'restored' }

/**
 * Mails the address of an organisation, in the platform's name: the organisation's own mails wait while it is closed,
 * and its users cannot sign in to read why.
 */
export async function noticeTenant(
  tx: Db,
  app: App,
  tenant: Pick<TenantRow, 'name' | 'business_email'>,
  language: Language,
  notice: TenantNotice,
): Promise<void> {
  const until = 'until' in notice ? notice.until.toISOString() : null
  const reason = 'reason' in notice ? notice.reason : null
  await enqueueMail(tx, consoleRealm(app), {
    kind: 'tenant_notice',
    to: tenant.business_email,
    data: { organization: tenant.name, language, event: notice.event, reason, until },
  })
}

/**
 * The language of an organisation's notices. Call it before the transaction: a broken schema must not prevent closing
 * its tenant, and a caller with a connection must not wait for a second one.
 */
export async function noticeLanguage({ database }: App, id: string): Promise<Language> {
  const {
    db,
    tables: { tenants },
  } = database.platform
  const found = await db.select({ schema: tenants.schema }).from(tenants).where(eq(tenants.id, id))
  if (!found[0]) return 'en'
  const realm = database.tenant(found[0].schema)
  const { settings } = realm.tables
  const rows = await realm.db
    .select({ language: settings.language })
    .from(settings)
    .catch(() => [])
  return rows[0]?.language ?? 'en'
}
