import { eq } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import { consoleRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import type { Language } from '#shared/dates.ts'
import type { TenantRow } from './tenants.ts'

/** What an organisation is told of itself by the platform. */
export type TenantNotice =
  | { event: 'suspended'; reason: string | null }
  | { event: 'deletion_scheduled'; reason: string | null; until: Date }
  | { event: 'resumed' | 'restored' }

/**
 * Writes to the address that an organisation has given, in the platform's name: its own mails are held back while it
 * is closed, and its people cannot sign in to read why.
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
 * In which language an organisation is told things. To be asked before the transaction: a schema that is broken
 * must not keep its tenant from being closed, and who holds a connection must not wait for a second.
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
