import { readableOn } from '#shared/contrast.ts'
import type { StoredOrganization } from './organization.ts'

export function presentOrganization({ logo, brand_color, language, ...organization }: StoredOrganization) {
  return { ...organization, ...presentBranding({ logo, brand_color, language }) }
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
