import type { TenantRealm } from '#server/database/realms.ts'
import { readBranding } from '#server/domain/organization/branding.ts'
import { presentBranding } from '#server/domain/organization/present.ts'
import type { Branding } from '#shared/types/organization.ts'

const known = new WeakMap<object, Promise<Branding>>()

/**
 * How the pages of a tenant look: read once for as long as its host is remembered, which a change of either ends.
 * @param place the tenant's, as the host directory keeps it
 */
export function brandingOf(place: object, realm: TenantRealm): Promise<Branding> {
  const found = known.get(place)
  if (found) return found
  const branding = readBranding(realm).then(presentBranding)
  known.set(place, branding)
  branding.catch(() => known.delete(place))
  return branding
}
