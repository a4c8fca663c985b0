import type { TenantRole } from './people.ts'

/** Accounts and sessions, as the API returns them: times are ISO 8601 UTC, ids UUIDv7. */

export interface Session {
  id: string
  created: string
  /** When the session last refreshed its tokens. */
  rotated_at: string
  expires_at: string
  ip: string | null
  user_agent: string | null
  /** E-mail address of the operator who opened it as this user. */
  support: string | null
  /** True for the caller's own session. */
  current: boolean
}

/** The rules for accounts, for people who have none yet or cannot sign in. */
export interface AccountRules {
  registration: 'invite_only' | 'open'
  /** The mail domains that may register; none: any. */
  registration_domains: string[]
  password_min_length: number
  /** Whether `/mailbox` shows the mails of this host: in development and the demo only. */
  mailbox: boolean
}

/** A mail in the mailbox; its contents only when it is requested alone. */
export interface KeptMail {
  id: string
  to: string
  subject: string
  date: string
  text?: string
  html?: string
  /** URLs in the text, in order. */
  links?: string[]
}

export interface Invitation {
  id: string
  email: string
  role: TenantRole
  department: string | null
  state: 'open' | 'accepted' | 'expired' | 'revoked'
  created: string
  expires_at: string
  /** Id of the Admin who sent the invitation. */
  invited_by: string | null
  /** In lists. */
  department_name?: string | null
  inviter_name?: string | null
}

/** The result of one row of a bulk invitation. */
export interface InvitationResult {
  row: number
  email: string | null
  status: 'invited' | 'already_invited' | 'failed'
  errors: Record<string, string[]> | null
}

/** The data for an invitation's page. */
export interface OpenInvitation {
  email: string
  organization: string
  role: TenantRole
  /** Name of the department. */
  department: string | null
  expires_at: string
}
