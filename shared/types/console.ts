import type { TenantStatus } from '#shared/tenant-statuses.ts'
import type { AuditEvent } from './audit.ts'
import type { Role } from './people.ts'

/** The responses of the console's own routes. Times are ISO 8601 UTC. */

export interface Overview {
  /** Number of tenants, by status. */
  tenants: Partial<Record<TenantStatus, number>>
  failed_mails: number
  /** Confirmed sign-ups that wait for approval. */
  signups: number
  failed_migrations: number
  /** Tenants whose schema is older than this program. */
  behind: number
  newest: { id: string; name: string; subdomain: string; status: TenantStatus; created: string }[]
  /** Tenants that will be deleted within a week. */
  purges: { id: string; name: string; subdomain: string; purge_after: string }[]
}

export interface InsightDay {
  /** Such as `2026-11-24`, in UTC. */
  day: string
  requests: number
  /** Requests that were answered with 500 or above. */
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
  /** Null if there is no schema yet. */
  facts: {
    people: number
    active_people: number
    admins: number
    departments: number
    last_sign_in: string | null
    /** Live sessions. */
    sessions: number
    /** Bytes. */
    size: number
  } | null
  days: InsightDay[]
  /** The newest events of the tenant's own audit, for those who may read it. */
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

/** A user whom an operator may sign in as. */
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
  /** Null for mails of the console and the site. */
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
  /** Schedule in cron's five fields, UTC; null for jobs with another trigger. */
  cron: string | null
  next: string | null
  waiting: number
  running: number
  /** Number of failed jobs that are still stored: pg-boss deletes jobs after some days. */
  failed: number
  last_started: string | null
  last_finished: string | null
  last_state: string | null
  /** Error of the last failed job. */
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
  /** The disk of DATA_DIR, in bytes. */
  disk: { free: number; total: number } | null
  is_listening: boolean
  process: { pid: number; node: string; uptime: number; memory: number }
}

/** The state of a tenant's signing keys; null if its schema cannot be read. */
export interface TenantKeys {
  tenant: { id: string; name: string; subdomain: string }
  keys: {
    /** Its kid. */
    current: string
    since: string
    /** When the next key replaces it, if there is one. */
    next_from: string | null
    /** Number of live sessions that hold a token of a former key. */
    draining: number
  } | null
}
