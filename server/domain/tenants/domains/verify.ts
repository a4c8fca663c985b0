import { isNotNull } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import { notFound } from '#shared/errors.ts'
import { changeDomains } from './change.ts'
import { lookUpTxt } from './dns.ts'
import type { DomainRow } from './domains.ts'
import { challengeName, domainColumns, isTheirs, requireDomain } from './domains.ts'

/**
 * Milliseconds for which a verified domain may fail its daily check: DNS records may be missing for a while, for
 * example during a move.
 */
const patience = 3 * 86_400_000

/**
 * Checks a domain's TXT record. It is served as soon as the record is right; `last_error` says why it is not.
 * @throws ApiError 404
 */
export async function verifyDomain(app: App, tenant: string, host: string, audit: AuditContext): Promise<DomainRow> {
  const before = await requireDomain(app.database.platform.db, app, tenant, host)
  const { set, action } = outcomeOf(before, await proveDomain(app, before))
  const { domains } = app.database.platform.tables
  return changeDomains(app, tenant, audit, action && { action, host }, async tx => {
    const rows = await tx
      .update(domains)
      .set(set)
      .where(isTheirs(app, tenant, host))
      .returning(domainColumns(domains))
    if (!rows[0]) throw notFound()
    return rows[0]
  })
}

/** @returns what changes with a check, and what is recorded of it, if anything */
function outcomeOf({ verified_at }: DomainRow, { error, isCertain }: Proof) {
  const now = new Date()
  const checked = { checked_at: now, last_error: error }
  if (error === null) {
    const action: AuditAction | undefined = verified_at === null ? 'tenant.domain_verified' : undefined
    return { set: { ...checked, verified_at: now }, action }
  }
  const isLost = isCertain && verified_at !== null && now.getTime() - verified_at.getTime() > patience
  if (!isLost) return { set: checked }
  return { set: { ...checked, verified_at: null, is_primary: false }, action: 'tenant.domain_lost' as const }
}

/** Checks every verified domain again, daily. One that fails for three days is no longer served. */
export async function verifyDomains(app: App): Promise<void> {
  const { domains } = app.database.platform.tables
  const rows = await app.database.platform.db
    .select({ host: domains.host, tenant: domains.tenant })
    .from(domains)
    .where(isNotNull(domains.verified_at))
  for (const { host, tenant } of rows) {
    await verifyDomain(app, tenant, host, fromSystem).catch((error: unknown) =>
      app.log.warn({ event: 'domain_check_failed', tenant, host, reason: reasonOf(error) }),
    )
  }
}

interface Proof {
  error: string | null
  isCertain: boolean
}

async function proveDomain({ config }: App, { host, challenge }: DomainRow): Promise<Proof> {
  const answer = await lookUpTxt(config, challengeName(host))
  if ('error' in answer) return answer
  return {
    error: answer.records.includes(challenge) ? null : `The TXT record at ${challengeName(host)} says something else.`,
    isCertain: true,
  }
}
