import type { TenantRole } from './people.ts'

/** How people come in, and stay signed in, as the API answers: times are ISO 8601 UTC, ids UUIDv7. */

export interface Session {
  id: string
  created: string
  /** When the session last renewed its tokens. */
  rotated_at: string
  expires_at: string
  ip: string | null
  user_agent: string | null
  /** E-mail address of the operator who opened it as this user. */
  support: string | null
  /** True for the session that asks. */
  current: boolean
}

/** What an account here takes, for those who have none yet or cannot sign in. */
export interface AccountRules {
  registration: 'invite_only' | 'open'
  /** Of whose addresses people may register with; none: any. */
  registration_domains: string[]
  password_min_length: number
  /** Whether `/mailbox` shows the mails of this place: in development and the demo only. */
  mailbox: boolean
}

/** A mail in the mailbox; its contents only where one alone is asked for. */
export interface KeptMail {
  id: string
  to: string
  subject: string
  date: string
  text?: string
  html?: string
  /** Addresses in the text, in order. */
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
  /** Id of the Admin who invited. */
  invited_by: string | null
  /** In lists. */
  department_name?: string | null
  inviter_name?: string | null
}

/** What became of one of many who were invited at once. */
export interface InvitationResult {
  row: number
  email: string | null
  status: 'invited' | 'already_invited' | 'failed'
  errors: Record<string, string[]> | null
}

/** What the page behind an invitation's link shows. */
export interface OpenInvitation {
  email: string
  organization: string
  role: TenantRole
  /** Name of the department. */
  department: string | null
  expires_at: string
}
