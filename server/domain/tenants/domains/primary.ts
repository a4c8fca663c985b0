import { and, eq, isNotNull, ne } from 'drizzle-orm'
import type { App, AuditContext } from '#server/domain/context.ts'
import { wrongState } from '#server/domain/tenants/lifecycle/transitions.ts'
import { changeDomains } from './change.ts'
import { isTheirs, requireDomain } from './domains.ts'

/**
 * Makes a domain the primary host, which links and tokens name. The subdomain and the other domains stay served.
 * @throws ApiError 404, 409 where it is not verified
 */
export async function setPrimaryDomain(app: App, tenant: string, host: string, audit: AuditContext): Promise<void> {
  const { domains } = app.database.platform.tables
  await changeDomains(app, tenant, audit, { action: 'tenant.domain_primary', host }, async tx => {
    await tx
      .update(domains)
      .set({ is_primary: false })
      .where(and(eq(domains.tenant, tenant), eq(domains.is_primary, true), ne(domains.host, host)))
    // Checked in the same statement, as another request may have changed it.
    const rows = await tx
      .update(domains)
      .set({ is_primary: true })
      .where(and(isTheirs(app, tenant, host), isNotNull(domains.verified_at)))
      .returning({ host: domains.host })
    if (rows.length > 0) return
    await requireDomain(tx, app, tenant, host)
    throw wrongState('The domain has not been verified.')
  })
}

/**
 * Makes the subdomain the primary host again.
 * @throws ApiError 404, 409 where the domain is not the primary one
 */
export async function clearPrimaryDomain(app: App, tenant: string, host: string, audit: AuditContext): Promise<void> {
  const { domains } = app.database.platform.tables
  await changeDomains(app, tenant, audit, { action: 'tenant.domain_primary', host: null }, async tx => {
    const { is_primary } = await requireDomain(tx, app, tenant, host)
    if (!is_primary) throw wrongState('The domain is not the primary one.')
    await tx
      .update(domains)
      .set({ is_primary: false })
      .where(isTheirs(app, tenant, host))
  })
}
