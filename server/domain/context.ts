import type { Logger } from 'pino'
import type { Config } from '#server/config.ts'
import type { Database } from '#server/database/realms.ts'
import type { KeyRings } from './keys/ring.ts'
import type { Pacer } from './lib/pacer.ts'
import type { Hashing } from './sessions/hashing.ts'
import type { Limits } from './sessions/limits.ts'

/** What every rule may need; made once per process by `createApp`, in the server, the CLI and the tests alike. */
export interface App {
  config: Config
  database: Database
  /** For connections besides the slots, such as those that listen or copy. */
  databaseUrl: string
  keys: KeyRings
  hashing: Hashing
  limits: Limits
  pacer: Pacer
  log: Logger
}

/** Who caused a thing and from where, for the audit and the log. */
export interface AuditContext {
  /** The signed-in user's id, or null for the system and for people unknown. */
  actor: string | null
  ip: string | null
  request_id: string | null
  /** The operator who acts in the user's place, by e-mail address. */
  support?: string | null
}

export const fromSystem: AuditContext = { actor: null, ip: null, request_id: null }
