import type { Database, PlatformRealm, Realm, TenantRealm } from '../database/realms.ts'

/** A realm as tokens and rules know it: whose people sign in here, and what their tokens are bound to. */
export interface AuthRealm<R extends Realm = Realm> {
  kind: 'tenant' | 'platform'
  /** The tenant's id, or `platform`: the audience of every token. */
  id: string
  /** Canonical origin: the issuer of every token, and the base of every link. */
  origin: string
  name: string
  realm: R
}

export interface TenantIdentity {
  id: string
  name: string
  schema: string
  origin: string
}

export function tenantAuthRealm(database: Database, tenant: TenantIdentity): AuthRealm<TenantRealm> {
  return { kind: 'tenant', id: tenant.id, origin: tenant.origin, name: tenant.name, realm: database.tenant(tenant.schema) }
}

export function platformAuthRealm(database: Database, origin: string): AuthRealm<PlatformRealm> {
  return { kind: 'platform', id: 'platform', origin, name: 'Tenantry', realm: database.platform }
}
