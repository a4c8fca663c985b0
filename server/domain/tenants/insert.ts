import { randomInt } from 'node:crypto'
import { newId } from '#server/database/ids.ts'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import type { Language } from '#shared/dates.ts'
import type { TenantRow } from './tenants.ts'
import { tenantColumns } from './tenants.ts'

export interface NewTenant {
  name: string
  subdomain: string
  business_email: string
  business_phone_number: string
  admin_email: string
  admin_name?: { first_name: string; last_name: string }
  /** In plain text; null: the Admin sets one with the returned link. */
  admin_password: string | null
  /** Language of the tenant's mails; English by default. */
  language?: Language
}

/**
 * Inserts a tenant with a new `tenant_id`. The same transaction creates its schema.
 * @throws unique violations, which `explainTaken` explains
 */
export async function insertTenant(
  tx: Db,
  app: App,
  {
    name,
    subdomain,
    business_email,
    business_phone_number,
  }: Omit<NewTenant, 'admin_email' | 'admin_name' | 'admin_password'>,
  schema: string,
  now: Date,
): Promise<TenantRow> {
  const { tenants } = app.database.platform.tables
  const given = { name, subdomain, business_email, business_phone_number, schema, created: now, updated: now }
  // If the `tenant_id` is taken, another one is drawn, with one more digit each time.
  for (let digits = 4; digits <= 9; digits++) {
    const rows = await tx
      .insert(tenants)
      .values({ ...given, id: newId(), tenant_id: drawTenantId(name, digits) })
      .onConflictDoNothing({ target: tenants.tenant_id })
      .returning(tenantColumns(tenants))
    if (rows[0]) return rows[0]
  }
  throw new Error('No free tenant_id was found.')
}

function drawTenantId(name: string, digits: number): string {
  const letters = name
    .normalize('NFKD')
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, '')
    .slice(0, 3)
    .padEnd(3, 'X')
  return `${letters}-${String(randomInt(10 ** digits)).padStart(digits, '0')}`
}
