import { and, asc, eq } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { notFound } from '#shared/errors.ts'

/** A custom domain of a tenant. It is served while `verified_at` is set: when it was last verified. */
export interface DomainRow {
  host: string
  tenant: string
  challenge: string
  is_primary: boolean
  created: Date
  verified_at: Date | null
  checked_at: Date | null
  last_error: string | null
}

/** @returns the name of the TXT record that verifies a host */
export function challengeName(host: string): string {
  return `_tenantry.${host}`
}

/** @returns the domains of a tenant, by name */
export async function listDomains({ database: { platform } }: App, tenant: string): Promise<DomainRow[]> {
  const { domains } = platform.tables
  return platform.db
    .select(domainColumns(domains))
    .from(domains)
    .where(eq(domains.tenant, tenant))
    .orderBy(asc(domains.host))
}

/** Loads a tenant's domain. @throws ApiError 404 */
export async function requireDomain(db: Db, app: App, tenant: string, host: string): Promise<DomainRow> {
  const { domains } = app.database.platform.tables
  const rows = await db
    .select(domainColumns(domains))
    .from(domains)
    .where(isTheirs(app, tenant, host))
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** A condition: the host is a domain of this tenant. */
export function isTheirs({ database: { platform } }: App, tenant: string, host: string) {
  const { domains } = platform.tables
  return and(eq(domains.host, host), eq(domains.tenant, tenant))
}

/** The columns of a domain, by name. */
export function domainColumns({
  host,
  tenant,
  challenge,
  is_primary,
  created,
  verified_at,
  checked_at,
  last_error,
}: Domains) {
  return { host, tenant, challenge, is_primary, created, verified_at, checked_at, last_error }
}

type Domains = App['database']['platform']['tables']['domains']
