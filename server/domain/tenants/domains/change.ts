import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { violatedUnique } from '#server/database/errors.ts'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { recordInTenant } from '#server/domain/audit/tenant-audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { lockTenant } from '#server/domain/tenants/lifecycle/transitions.ts'
import { announceTenant } from '#server/domain/tenants/tenants.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import { conflict, invalid, notFound } from '#shared/errors.ts'
import type { DomainRow } from './domains.ts'
import { domainColumns, isTheirs } from './domains.ts'

const domainsLimit = 20

/**
 * Adds a domain, which is not served until it is verified.
 * @throws ApiError 400 on `host`, 404
 */
export async function addDomain(app: App, tenant: string, host: string, audit: AuditContext): Promise<DomainRow> {
  const { domains } = app.database.platform.tables
  const { baseDomain } = app.config
  if (host === baseDomain || host.endsWith(`.${baseDomain}`))
    throw invalid({ host: [`Addresses under ${baseDomain} are given by the subdomain.`] })
  return changeDomains(app, tenant, audit, { action: 'tenant.domain_added', host }, async tx => {
    if ((await tx.$count(domains, eq(domains.tenant, tenant))) >= domainsLimit)
      throw invalid({ host: [`An organisation can have at most ${domainsLimit} domains.`] })
    const rows = await tx
      .insert(domains)
      .values({ host, tenant, challenge: randomBytes(24).toString('base64url'), created: new Date() })
      .returning(domainColumns(domains))
      .catch((error: unknown) => {
        throw violatedUnique(error) ? invalid({ host: ['This domain is taken.'] }) : error
      })
    return rows[0]!
  })
}

/**
 * Removes a domain. Tokens that name it are no longer valid.
 * @throws ApiError 404, 409 while it is the primary domain
 */
export async function removeDomain(app: App, tenant: string, host: string, audit: AuditContext): Promise<void> {
  const { domains } = app.database.platform.tables
  await changeDomains(app, tenant, audit, { action: 'tenant.domain_removed', host }, async tx => {
    const rows = await tx
      .delete(domains)
      .where(isTheirs(app, tenant, host))
      .returning({ is_primary: domains.is_primary })
    if (!rows[0]) throw notFound()
    if (rows[0].is_primary)
      throw conflict("The domain is the organisation's primary one. Choose another first.", 'in_use')
  })
}

/**
 * Runs `work` in a transaction that locks the tenant, and records the change in both audit logs.
 * @param entry what to record; undefined: nothing changed that is recorded
 * @throws ApiError 404, or what `work` throws
 */
export async function changeDomains<T>(
  app: App,
  tenant: string,
  audit: AuditContext,
  entry: { action: AuditAction; host: string | null } | undefined,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  const { platform } = app.database
  return platform.transaction(async tx => {
    const row = await lockTenant(tx, app, tenant)
    const result = await work(tx)
    if (!entry) return result
    const details = { host: entry.host }
    await recordAudit(tx, platform, audit, { action: entry.action, subject: tenant, details })
    await recordInTenant(tx, app, row, {
      action: 'organization.domains_changed',
      subject: tenant,
      details: { ...details, change: entry.action.replace('tenant.domain_', '') },
    })
    await announceTenant(tx, tenant)
    return result
  })
}
