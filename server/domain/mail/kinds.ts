import type { MailFacts } from '#server/mail/facts.ts'
import type { Language } from '#shared/dates.ts'

/**
 * What the outbox stores for each kind of mail. `MailFacts` is what its text needs. Never a token: the link is created
 * when the mail is sent.
 */
export interface MailData {
  activation: { user: string }
  /** For the user with this address, if there is one. */
  activation_request: Record<string, never>
  password_reset: Record<string, never>
  welcome: { user: string }
  email_change: { user: string }
  email_changed: { user: string }
  email_assigned: { user: string }
  password_changed: Record<string, never>
  new_device: MailFacts['new_device']
  factor_notice: MailFacts['factor_notice']
  session_reuse: Record<string, never>
  invitation: { invitation: string }
  account_exists: Record<string, never>
  tenant_notice: MailFacts['tenant_notice'] & { language: Language }
  /** To an operator: a sign-up waits for their decision. */
  signup_waiting: MailFacts['signup_waiting']
  /** To a new organisation's first Admin. */
  signup_approved: { user: string }
}

/** The data of the site's mails, which belong to no organisation and name their language. Their realm is `platform`. */
export interface SiteMailData {
  signup_confirm: { signup: string; language: Language }
  signup_refused: MailFacts['signup_refused'] & { language: Language }
  /** The organisations that know the address, if any. */
  organizations: { language: Language }
}

export type MailKind = keyof MailData

export type SiteMailKind = keyof SiteMailData

type Mail<Data> = { [Kind in keyof Data]: { kind: Kind; to: string; data: Data[Kind] } }[keyof Data]

export type NewMail = Mail<MailData>

export type NewSiteMail = Mail<SiteMailData>

interface Queued<Kind> {
  id: string
  realm: string
  kind: Kind
  recipient: string
  data: Record<string, unknown>
  created: Date
  attempts: number
}

export type QueuedRealmMail = Queued<MailKind>

export type QueuedSiteMail = Queued<SiteMailKind>

export type QueuedMail = QueuedRealmMail | QueuedSiteMail
