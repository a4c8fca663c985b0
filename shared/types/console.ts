import type { TenantStatus } from '#shared/tenant-statuses.ts'
import type { AuditEvent } from './audit.ts'
import type { Role } from './people.ts'

/** What the console's own routes answer. Times are ISO 8601 UTC. */

export interface Overview {
  /** How many there are, by status. */
  tenants: Partial<Record<TenantStatus, number>>
  failed_mails: number
  /** Confirmed, and waiting to be let in. */
  signups: number
  failed_migrations: number
  /** Tenants whose schema is older than this program. */
  behind: number
  newest: { id: string; name: string; subdomain: string; status: TenantStatus; created: string }[]
  /** Removed within a week. */
  purges: { id: string; name: string; subdomain: string; purge_after: string }[]
}

export interface InsightDay {
  /** Such as `2026-11-24`, in UTC. */
  day: string
  requests: number
  /** Of these, answered with 500 or above. */
  errors: number
  sign_ins: number
  refusals: number
}

export interface Insights {
  migration: {
    version: string | null
    state: 'migrated' | 'failed' | 'missing'
    error: string | null
    updated: string | null
    target: string
    is_current: boolean
  }
  /** Null where there is no schema yet. */
  facts: {
    people: number
    active_people: number
    admins: number
    departments: number
    last_sign_in: string | null
    /** Live ones. */
    sessions: number
    /** Bytes. */
    size: number
  } | null
  days: InsightDay[]
  /** The newest of the tenant's own record, for those who may read it. */
  events: AuditEvent[]
}

export interface SupportAccess {
  id: string
  tenant: string
  tenant_name: string
  user_id: string
  operator_email: string
  reason: string
  is_read_only: boolean
  created: string
  opened_at: string | null
  expires_at: string
  ended_at: string | null
}

/** Someone whom an operator may sign in as. */
export interface SupportableUser {
  id: string
  email: string
  first_name: string
  last_name: string
  role: Role
}

export type MailState = 'queued' | 'delayed' | 'failed' | 'sent'

export interface OutboxMail {
  id: string
  kind: string
  recipient: string
  /** Null for the console's and the site's own. */
  tenant: string | null
  tenant_name: string | null
  state: MailState
  attempts: number
  last_error: string | null
  created: string
  due_at: string
  sent_at: string | null
}

export type MigrationState = 'current' | 'behind' | 'failed' | 'missing'

export interface TenantMigration {
  tenant: string
  name: string
  subdomain: string
  version: string | null
  state: MigrationState
  error: string | null
  updated: string | null
}

export interface MigrationRun {
  is_running: boolean
  started: string
  ended: string | null
  finished: number
  total: number
  failed: number
}

export type JobQueue = {
  name: string
  /** When it runs, in cron's five fields, UTC; null where something else starts it. */
  cron: string | null
  next: string | null
  waiting: number
  running: number
  /** Of those that are kept: pg-boss forgets a job after some days. */
  failed: number
  last_started: string | null
  last_finished: string | null
  last_state: string | null
  /** Of the last one that failed. */
  last_error: string | null
}

export interface Health {
  database: {
    version: string
    started: string
    size: number
    connections: number
    max_connections: number
    latency_ms: number
    is_embedded: boolean
  }
  slots: { size: number; busy: number; waiting: number; retired: number; mismatched: number }
  outbox: { waiting: number; delayed: number; failed: number; oldest: string | null }
  spare_schemas: number
  /** Of DATA_DIR, in bytes. */
  disk: { free: number; total: number } | null
  is_listening: boolean
  process: { pid: number; node: string; uptime: number; memory: number }
}

/** How a tenant's signing keys stand; null where its schema cannot be read. */
export interface TenantKeys {
  tenant: { id: string; name: string; subdomain: string }
  keys: {
    /** Its kid. */
    current: string
    since: string
    /** When a new one takes its place, where one is on its way. */
    next_from: string | null
    /** How many live sessions hold a token of a former key. */
    draining: number
  } | null
}
