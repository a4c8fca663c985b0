import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { violatedUnique } from '#server/database/errors.ts'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { recordInTenant } from '#server/domain/audit/tenant-audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { lockTenant } from '#server/domain/tenants/lifecycle/transitions.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
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
  entry: DomainEntry | undefined,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  return app.database.platform.transaction(async tx => {
    const row = await lockTenant(tx, app, tenant)
    const result = await work(tx)
    if (entry) await recordChange(tx, app, row, audit, entry)
    return result
  })
}

interface DomainEntry {
  action: AuditAction
  host: string | null
}

async function recordChange(
  tx: Db,
  app: App,
  tenant: TenantRow,
  audit: AuditContext,
  { action, host }: DomainEntry,
): Promise<void> {
  const subject = tenant.id
  await recordAudit(tx, app.database.platform, audit, { action, subject, details: { host } })
  const details = { host, change: action.replace('tenant.domain_', '') }
  await recordInTenant(tx, app, tenant, { action: 'organization.domains_changed', subject, details })
  await announceTenant(tx, tenant.id)
}
