import type { SQL } from 'drizzle-orm'
import { and, asc, desc, eq, gt, inArray, sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import { operationColumns } from '#server/domain/operations/operations.ts'
import type { DomainRow } from './domains/domains.ts'
import { listDomains } from './domains/domains.ts'
import { tenantOrigin } from './origins.ts'
import type { TenantRow } from './tenants.ts'
import { requireTenant, tenantColumns } from './tenants.ts'

export interface TenantDetails extends TenantRow {
  url: string
  /** The version of its schema; null if it has none. */
  version: string | null
  /** Null if its schema cannot be read. */
  people: { active: number; total: number } | null
  admin: { id: string; email: string } | null
  domains: DomainRow[]
  former_subdomains: { subdomain: string; redirects_until: Date }[]
  /** The current operation, or else the last one. */
  operation: OperationRow | null
}

/**
 * One tenant with all that operators see.
 * @param by its subdomain or its id
 * @throws ApiError 404
 */
export async function requireTenantDetails(app: App, by: string | { id: string }): Promise<TenantDetails> {
  const tenant = await requireTenant(app, by)
  const [people, domains, former_subdomains, operation] = await Promise.all([
    readUsers(app, tenant.schema),
    listDomains(app, tenant.id),
    readFormerSubdomains(app, tenant.id),
    readOperation(app, tenant.id),
  ])
  return { ...tenant, url: tenantOrigin(app.config, tenant), ...people, domains, former_subdomains, operation }
}

/** The columns of the tenants as a file, in order. */
export const tenantsHeader = [
  'id',
  'name',
  'subdomain',
  'tenant_id',
  'url',
  'status',
  'status_reason',
  'purge_after',
  'business_email',
  'business_phone_number',
  'created',
  'updated',
]

const batchSize = 500

/** The tenants as rows of a file, in the order in which they were created. */
export async function* tenantBatches({ config, database: { platform } }: App, where: SQL | undefined) {
  const { tenants } = platform.tables
  let last: string | undefined
  for (;;) {
    const rows = await platform.db
      .select(tenantColumns(tenants))
      .from(tenants)
      .where(and(where, last ? gt(tenants.id, last) : undefined))
      .orderBy(tenants.id)
      .limit(batchSize)
    if (rows.length === 0) return
    yield rows.map(row => cellsOf(config, row))
    last = rows.at(-1)!.id
  }
}

function cellsOf(config: App['config'], tenant: TenantRow) {
  return [
    tenant.id,
    tenant.name,
    tenant.subdomain,
    tenant.tenant_id,
    tenantOrigin(config, tenant),
    tenant.status,
    tenant.status_reason,
    tenant.purge_after,
    tenant.business_email,
    tenant.business_phone_number,
    tenant.created,
    tenant.updated,
  ]
}

// A tenant with a missing or broken schema is shown without these.
async function readUsers({ database }: App, schema: string): Promise<Pick<TenantDetails, 'people' | 'admin'>> {
  const realm = database.tenant(schema)
  try {
    const [people, admin] = await Promise.all([countPeople(realm), findFirstAdmin(realm)])
    return { people, admin }
  } catch {
    return { people: null, admin: null }
  }
}

async function countPeople({ db, tables: { users } }: TenantRealm) {
  const rows = await db
    .select({
      active: sql<number>`count(*) filter (where ${users.is_active})::int`,
      total: sql<number>`count(*)::int`,
    })
    .from(users)
  return rows[0]!
}

async function findFirstAdmin({ db, tables: { users } }: TenantRealm) {
  const rows = await db
    .select({ id: users.id, email: users.email })
    .from(users)
    .where(eq(users.role, 'Admin'))
    .orderBy(asc(users.date_joined), asc(users.id))
    .limit(1)
  return rows[0] ?? null
}

async function readFormerSubdomains({ database: { platform } }: App, tenant: string) {
  const { former_subdomains: former } = platform.tables
  return platform.db
    .select({ subdomain: former.subdomain, redirects_until: former.redirects_until })
    .from(former)
    .where(and(eq(former.tenant, tenant), gt(former.redirects_until, sql`now()`)))
    .orderBy(asc(former.subdomain))
}

async function readOperation({ database: { platform } }: App, tenant: string): Promise<OperationRow | null> {
  const { operations } = platform.tables
  const rows = await platform.db
    .select(operationColumns(operations))
    .from(operations)
    .where(eq(operations.tenant, tenant))
    .orderBy(desc(inArray(operations.state, ['queued', 'running'])), desc(operations.created))
    .limit(1)
  return rows[0] ?? null
}
