import type { TenantRealm } from '#server/database/realms.ts'
import type { StoredOrganization } from './present.ts'

/** The public part of an organisation's look and language. */
export async function readBranding({
  db,
  tables: { settings },
}: TenantRealm): Promise<Pick<StoredOrganization, 'logo' | 'brand_color' | 'language'>> {
  const rows = await db
    .select({ logo: settings.logo, brand_color: settings.brand_color, language: settings.language })
    .from(settings)
  return rows[0]!
}
