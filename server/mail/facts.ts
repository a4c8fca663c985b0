import type { Brand, Content } from './layout.ts'

/** What the text of each kind of mail needs: links and names, times in ISO 8601. */
export interface MailFacts {
  /** To a user who has registered. */
  activation: { link: string }
  password_reset: { link: string }
  /** To a user whom an Admin has created without a password. */
  welcome: { link: string }
  /** To the new address; the link proves that the user owns it. */
  email_change: { link: string }
  /** To the old address, after the change. */
  email_changed: object
  /** To the new address, which an Admin has entered. */
  email_assigned: object
  password_changed: object
  new_device: { user_agent: string | null; ip: string | null; time: string }
  /** Something was done with the user's second factors; `name` is of the factor, `left` counts recovery codes. */
  factor_notice: {
    event: 'added' | 'removed' | 'reset' | 'recovery_code_used' | 'recovery_codes_replaced' | 'wrong_codes'
    name: string | null
    left: number | null
  }
  /** A refresh token was used again after its grace period: it was probably copied. */
  session_reuse: object
  invitation: { link: string; inviter: string | null; department: string | null; isAdmin: boolean; expires_at: string }
  /** To the owner of an address with which somebody else has tried to register. */
  account_exists: object
  /** To an organisation whose status operators have changed: its users cannot sign in to read why. */
  tenant_notice: {
    organization: string
    event: 'suspended' | 'resumed' | 'deletion_scheduled' | 'restored'
    reason: string | null
    until: string | null
  }
  /** To somebody who signs up an organisation: the link proves that they own the mailbox. */
  signup_confirm: { link: string; name: string }
  /** To an operator, who decides on the sign-up. */
  signup_waiting: { name: string; subdomain: string }
  /** To the first Admin of an organisation that an operator has approved. */
  signup_approved: { link: string }
  /** To somebody whose sign-up was refused, with the operator's reason if any. */
  signup_refused: { name: string; reason: string }
  /** To a user who does not know where to sign in. */
  organizations: { found: { name: string; url: string }[] }
}

/** The texts of every kind of mail, in one language. */
export type MailTexts = { [Kind in keyof MailFacts]: (brand: Brand, facts: MailFacts[Kind]) => Content }

/** What an organisation is told, by event. */
export type Notices = Record<
  MailFacts['tenant_notice']['event'],
  (facts: MailFacts['tenant_notice']) => { subject: string; text: string }
>

/** What a user is told about their second factors, by event. @param organization its name */
export type FactorNotices = Record<
  MailFacts['factor_notice']['event'],
  (organization: string, facts: MailFacts['factor_notice']) => { subject: string; text: string; advice: string }
>
