import type { TenantRealm } from '../database/realms.ts'
import type { Organization } from './organization.ts'

/** What anyone may see of how an organisation looks. */
export async function readBranding({ db, tables: { settings } }: TenantRealm): Promise<Pick<Organization, 'logo' | 'brand_color'>> {
  const rows = await db.select({ logo: settings.logo, brand_color: settings.brand_color }).from(settings)
  return rows[0]!
}
