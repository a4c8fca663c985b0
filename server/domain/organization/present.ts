import { readableOn } from '#shared/contrast.ts'
import { etagOf } from '#server/domain/lib/etag.ts'
import type { Organization } from '#shared/answers/organization.ts'

/** As stored: `logo` is the name of its files. */
export type StoredOrganization = Omit<Organization, 'brand_text_color' | 'etag'>

export function presentOrganization(stored: StoredOrganization) {
  const { logo, brand_color, language, ...organization } = stored
  return { ...organization, ...presentBranding({ logo, brand_color, language }), etag: etagOf(stored) }
}

/** What an organisation shows before sign-in, with a text colour that is readable on its brand colour. */
export function presentBranding({
  logo,
  brand_color,
  language,
}: Pick<StoredOrganization, 'logo' | 'brand_color' | 'language'>) {
  return {
    logo: logo && `/api/v1/organization/logo/?v=${logo.slice(0, 8)}`,
    brand_color,
    brand_text_color: brand_color && readableOn(brand_color),
    language,
  }
}
