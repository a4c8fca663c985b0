import type { Language } from '#shared/dates.ts'

/** Sign-ups of organisations, as the API returns them: times are ISO 8601 UTC, ids UUIDv7. */

export type SignupState = 'unconfirmed' | 'expired' | 'waiting' | 'made' | 'refused'

/** A sign-up from the site, as operators see it. */
export interface Signup {
  id: string
  name: string
  subdomain: string
  email: string
  language: Language
  /** `made`: the tenant exists; `expired`: it was not confirmed in time. */
  state: SignupState
  created: string
  /** Until when it can be confirmed. */
  expires_at: string
  confirmed_at: string | null
  approved_at: string | null
  refused_at: string | null
  /** Id of the operator who decided; null too if it was decided on the command line. */
  decided_by: string | null
  /** Id of the tenant that was created. */
  tenant: string | null
}

/** A sign-up, as its link shows it. */
export interface SignupProgress {
  state: SignupState
  name: string
  subdomain: string
  /** The portal's origin, if the tenant exists. */
  url: string | null
  /** The link with which the first Admin sets a password; only in the response that created the tenant. */
  password_link: string | null
}

/** Whether organisations can be signed up here, and the base domain of their subdomains. */
export interface SignupTerms {
  policy: 'open' | 'approval' | 'closed'
  base_domain: string
  /** Whether `/mailbox` shows the site's mails: in development and the demo only. */
  mailbox: boolean
}

export interface SubdomainAnswer {
  subdomain: string
  available: boolean
  /** A free subdomain, if this one is not. */
  suggestion: string | null
}
