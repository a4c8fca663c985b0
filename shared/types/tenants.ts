import type { TenantStatus } from '#shared/tenant-statuses.ts'
import type { Operation } from './operations.ts'

/** An organisation as operators see it, as the API returns it: times are ISO 8601 UTC, ids UUIDv7. */

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
  /** Why it is suspended or will be deleted. */
  status_reason: string | null
  status_changed: string | null
  /** When it will be deleted, if that is scheduled. */
  purge_after: string | null
  maintenance_since: string | null
  /** The custom domain that is canonical; null: the subdomain is. */
  primary_domain: string | null
  url: string
  created: string
  updated: string
}

export interface TenantDetails extends Tenant {
  /** Version of its schema. */
  version: string | null
  /** Null if its schema cannot be read. */
  people: { active: number; total: number } | null
  admin: { id: string; email: string } | null
  domains: Domain[]
  former_subdomains: { subdomain: string; redirects_until: string }[]
  /** The current operation, or else the last one. */
  operation: Operation | null
}

/** A custom domain of an organisation. */
export interface Domain {
  host: string
  is_primary: boolean
  /** The TXT record that verifies it. */
  challenge: { name: string; value: string }
  created: string
  /** When it was last verified; null: it is not served. */
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
  /** When the last token that it signed expires. */
  expires_at: string | null
  /** Number of live sessions that hold a token that it signed. */
  sessions: number
}
