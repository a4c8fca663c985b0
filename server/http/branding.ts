import type { TenantRealm } from '#server/database/realms.ts'
import { readBranding } from '#server/domain/organization/branding.ts'
import { presentBranding } from '#server/domain/organization/present.ts'
import type { Branding } from '#shared/answers/organization.ts'

const known = new WeakMap<object, Promise<Branding>>()

/**
 * The look of a tenant's pages: read once and kept as long as its host is cached. A change of either removes it.
 * @param place the tenant's entry in the host directory
 */
export function brandingOf(place: object, realm: TenantRealm): Promise<Branding> {
  const found = known.get(place)
  if (found) return found
  const branding = readBranding(realm).then(presentBranding)
  known.set(place, branding)
  branding.catch(() => known.delete(place))
  return branding
}
