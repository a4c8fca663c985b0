import type { TenantStatus } from '#shared/tenant-statuses.ts'
import type { Operation } from './operations.ts'

/** An organisation as operators see it, as the API answers: times are ISO 8601 UTC, ids UUIDv7. */

export interface Tenant {
  id: string
  name: string
  business_phone_number: string
  business_email: string
  is_active: boolean
  schema: string
  subdomain: string
  tenant_id: string
  status: TenantStatus
  /** Why it is suspended or to be deleted. */
  status_reason: string | null
  status_changed: string | null
  /** When it is removed, where its deletion is scheduled. */
  purge_after: string | null
  maintenance_since: string | null
  /** The custom domain that is canonical; null: the subdomain is. */
  primary_domain: string | null
  url: string
  created: string
  updated: string
}

export interface TenantDetails extends Tenant {
  /** Of its schema. */
  version: string | null
  /** Null where its schema cannot be read. */
  people: { active: number; total: number } | null
  admin: { id: string; email: string } | null
  domains: Domain[]
  former_subdomains: { subdomain: string; redirects_until: string }[]
  /** The operation under way, or else the last one. */
  operation: Operation | null
}

/** A host of an organisation's own. */
export interface Domain {
  host: string
  is_primary: boolean
  /** The TXT record by which it is proven. */
  challenge: { name: string; value: string }
  created: string
  /** When it was last proven; null: it does not route. */
  verified_at: string | null
  checked_at: string | null
  last_error: string | null
}

export type KeyState = 'next' | 'current' | 'previous'

/** A signing key. */
export interface SigningKey {
  kid: string
  state: KeyState
  created: string
  activated_at: string
  retired_at: string | null
  /** When the last token that it signed is over. */
  expires_at: string | null
  /** How many live sessions hold a token that it signed. */
  sessions: number
}
