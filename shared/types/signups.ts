import type { Language } from '#shared/dates.ts'

/** An organisation that someone asks for, as the API answers: times are ISO 8601 UTC, ids UUIDv7. */

export type SignupState = 'unconfirmed' | 'expired' | 'waiting' | 'made' | 'refused'

/** An organisation that someone has asked for on the site, as operators see it. */
export interface Signup {
  id: string
  name: string
  subdomain: string
  email: string
  language: Language
  /** `made`: it is a tenant; `expired`: nobody confirmed it. */
  state: SignupState
  created: string
  /** Until when it can be confirmed. */
  expires_at: string
  confirmed_at: string | null
  approved_at: string | null
  refused_at: string | null
  /** Id of the operator who decided; null also where it was the command line. */
  decided_by: string | null
  /** Id of what became of it. */
  tenant: string | null
}

/** A sign-up as far as its own link shows it. */
export interface SignupProgress {
  state: SignupState
  name: string
  subdomain: string
  /** The portal's origin, where there is one. */
  url: string | null
  /** By which the first Admin sets a password, once; only from the confirmation that made the tenant. */
  password_link: string | null
}

/** Whether organisations can be signed up here, and below which domain they would be. */
export interface SignupTerms {
  policy: 'open' | 'approval' | 'closed'
  base_domain: string
  /** Whether `/mailbox` shows the site's mails: in development and the demo only. */
  mailbox: boolean
}

export interface SubdomainAnswer {
  subdomain: string
  available: boolean
  /** One that is free, where this one is not. */
  suggestion: string | null
}
