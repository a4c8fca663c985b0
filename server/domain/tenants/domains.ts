import { randomBytes } from 'node:crypto'
import { and, asc, eq, isNotNull, ne } from 'drizzle-orm'
import { reasonOf, violatedUnique } from '#server/database/errors.ts'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { recordInTenant } from '#server/domain/audit/tenant-audit.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import { conflict, invalid, notFound } from '#shared/errors.ts'
import { lookUpTxt } from './dns.ts'
import { lockTenant, wrongState } from './lifecycle.ts'
import { announceTenant } from './tenants.ts'

/** A host of a tenant's own. It routes while `verified_at` is set: when it was last proven. */
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

const domainsLimit = 20
/** Milliseconds for which one that was proven may fail its daily proof: records are lost and found again in moves. */
const patience = 3 * 86_400_000

/** Name of the TXT record by which a host is proven. */
export function challengeName(host: string): string {
  return `_tenantry.${host}`
}

export async function listDomains(
  {
    database: {
      platform: {
        db,
        tables: { domains },
      },
    },
  }: App,
  tenant: string,
): Promise<DomainRow[]> {
  return db.select(domainColumns(domains)).from(domains).where(eq(domains.tenant, tenant)).orderBy(asc(domains.host))
}

/**
 * Notes a host that a tenant is to have, once its DNS says the challenge.
 * @throws ApiError 400 on `host`, 404
 */
export async function addDomain(app: App, tenant: string, host: string, origin: Origin): Promise<DomainRow> {
  const { domains } = app.database.platform.tables
  const { baseDomain } = app.config
  if (host === baseDomain || host.endsWith(`.${baseDomain}`))
    throw invalid({ host: [`Addresses under ${baseDomain} are given by the subdomain.`] })
  return changeDomains(app, tenant, origin, { action: 'tenant.domain_added', host }, async tx => {
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
 * Looks whether a host's DNS says the challenge. From then on it routes; `last_error` says why it does not.
 * @throws ApiError 404
 */
export async function verifyDomain(app: App, tenant: string, host: string, origin: Origin): Promise<DomainRow> {
  const before = await requireDomain(app.database.platform.db, app, tenant, host)
  const { error, isCertain } = await prove(app, before)
  const { domains } = app.database.platform.tables
  const now = new Date()
  const isLost =
    error !== null &&
    isCertain &&
    before.verified_at !== null &&
    now.getTime() - before.verified_at.getTime() > patience
  const set = {
    checked_at: now,
    last_error: error,
    ...(error === null ? { verified_at: now } : {}),
    ...(isLost ? { verified_at: null, is_primary: false } : {}),
  }
  const isFirstProof = error === null && before.verified_at === null
  const actionOfProof: AuditAction | undefined = isFirstProof ? 'tenant.domain_verified' : undefined
  const action = isLost ? 'tenant.domain_lost' : actionOfProof
  return changeDomains(app, tenant, origin, action && { action, host }, async tx => {
    const rows = await tx
      .update(domains)
      .set(set)
      .where(isTheirs(app, tenant, host))
      .returning(domainColumns(domains))
    if (!rows[0]) throw notFound()
    return rows[0]
  })
}

/** Proves every domain again, day by day. One that says otherwise for days routes no more. */
export async function verifyDomains(app: App): Promise<void> {
  const {
    db,
    tables: { domains },
  } = app.database.platform
  const rows = await db
    .select({ host: domains.host, tenant: domains.tenant })
    .from(domains)
    .where(isNotNull(domains.verified_at))
  for (const { host, tenant } of rows) {
    await verifyDomain(app, tenant, host, fromSystem).catch((error: unknown) =>
      app.log.warn({ event: 'domain_check_failed', tenant, host, reason: reasonOf(error) }),
    )
  }
}

/**
 * Makes a domain the canonical host, which links and tokens name. The subdomain and the other domains go on to be
 * served.
 * @throws ApiError 404, 409 for one that is not verified
 */
export async function setPrimaryDomain(app: App, tenant: string, host: string, origin: Origin): Promise<void> {
  const { domains } = app.database.platform.tables
  await changeDomains(app, tenant, origin, { action: 'tenant.domain_primary', host }, async tx => {
    await tx
      .update(domains)
      .set({ is_primary: false })
      .where(and(eq(domains.tenant, tenant), eq(domains.is_primary, true), ne(domains.host, host)))
    // In one statement with the look: it may just have been lost.
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
 * Makes the subdomain the canonical host again.
 * @throws ApiError 404, 409 for a domain that is not the canonical one
 */
export async function clearPrimaryDomain(app: App, tenant: string, host: string, origin: Origin): Promise<void> {
  const { domains } = app.database.platform.tables
  await changeDomains(app, tenant, origin, { action: 'tenant.domain_primary', host: null }, async tx => {
    const { is_primary } = await requireDomain(tx, app, tenant, host)
    if (!is_primary) throw wrongState('The domain is not the primary one.')
    await tx
      .update(domains)
      .set({ is_primary: false })
      .where(isTheirs(app, tenant, host))
  })
}

/**
 * Tokens that name the domain end with it.
 * @throws ApiError 404, 409 while it is the canonical one
 */
export async function removeDomain(app: App, tenant: string, host: string, origin: Origin): Promise<void> {
  const { domains } = app.database.platform.tables
  await changeDomains(app, tenant, origin, { action: 'tenant.domain_removed', host }, async tx => {
    const rows = await tx
      .delete(domains)
      .where(isTheirs(app, tenant, host))
      .returning({ is_primary: domains.is_primary })
    if (!rows[0]) throw notFound()
    if (rows[0].is_primary)
      throw conflict("The domain is the organisation's primary one. Choose another first.", 'in_use')
  })
}

/** @throws ApiError 404 */
async function requireDomain(db: Db, app: App, tenant: string, host: string): Promise<DomainRow> {
  const { domains } = app.database.platform.tables
  const rows = await db
    .select(domainColumns(domains))
    .from(domains)
    .where(isTheirs(app, tenant, host))
  if (!rows[0]) throw notFound()
  return rows[0]
}

function isTheirs(
  {
    database: {
      platform: {
        tables: { domains },
      },
    },
  }: App,
  tenant: string,
  host: string,
) {
  return and(eq(domains.host, host), eq(domains.tenant, tenant))
}

async function prove(
  { config }: App,
  { host, challenge }: DomainRow,
): Promise<{ error: string | null; isCertain: boolean }> {
  const answer = await lookUpTxt(config, challengeName(host))
  if ('error' in answer) return answer
  return {
    error: answer.records.includes(challenge) ? null : `The TXT record at ${challengeName(host)} says something else.`,
    isCertain: true,
  }
}

async function changeDomains<T>(
  app: App,
  tenant: string,
  origin: Origin,
  entry: { action: AuditAction; host: string | null } | undefined,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  const { platform } = app.database
  return platform.transaction(async tx => {
    const row = await lockTenant(tx, app, tenant)
    const result = await work(tx)
    if (!entry) return result
    const details = { host: entry.host }
    await recordAudit(tx, platform, origin, { action: entry.action, subject: tenant, details })
    await recordInTenant(tx, app, row, {
      action: 'organization.domains_changed',
      subject: tenant,
      details: { ...details, change: entry.action.replace('tenant.domain_', '') },
    })
    await announceTenant(tx, tenant)
    return result
  })
}

type Domains = App['database']['platform']['tables']['domains']

function domainColumns({ host, tenant, challenge, is_primary, created, verified_at, checked_at, last_error }: Domains) {
  return { host, tenant, challenge, is_primary, created, verified_at, checked_at, last_error }
}
