import type { Logger } from 'pino'
import type { Config } from '#server/config.ts'
import type { Database } from '#server/database/realms.ts'
import type { Key } from './archives/encryption/age.ts'
import type { KeyRings } from './keys/ring.ts'
import type { Pacer } from './lib/pacer.ts'
import type { Hashing } from './sessions/hashing.ts'
import type { Limits } from './sessions/limits.ts'
import type { VerifiedTokens } from './sessions/tokens/verified.ts'
import type { Files } from './storage/storage.ts'

/**
 * What every domain function may need. `createApp` creates it once per process: in the server, the CLI and the tests.
 */
export interface App {
  /** Told what happens, for the metrics of a server; by default nobody listens. */
  observer: Observer
  config: Config
  database: Database
  /** For connections in addition to the slots, such as those that listen; past a pooler if possible. */
  databaseUrl: string
  keys: KeyRings
  verifiedTokens: VerifiedTokens
  hashing: Hashing
  limits: Limits
  pacer: Pacer
  /** Where images and archives are. */
  files: Files
  log: Logger
  /** Private addresses whose X-Forwarded-For this process has ignored: perhaps proxies that TRUSTED_PROXIES lacks. */
  ignoredForwarders: Set<string>
  /** Decrypts archives; only the command line has one, for what it was called for. */
  archiveKey?: Key
}

export interface Observer {
  count(kind: 'sign_in' | 'refresh' | 'limit', outcome: string): void
}

/** Who causes a change, and from where; for the audit log and the log. */
export interface AuditContext {
  /** The signed-in user's id; null for the system and for unknown people. */
  actor: string | null
  ip: string | null
  request_id: string | null
  /** Of the caller's trace, for the log. */
  trace_id?: string
  /** The e-mail address of the operator who acts as the user. */
  support?: string | null
}

export const fromSystem: AuditContext = { actor: null, ip: null, request_id: null }
