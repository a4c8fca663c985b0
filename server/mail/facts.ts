import type { Brand, Content } from './layout.ts'

/** What a mail is about, besides whose it is: links and names, times in ISO 8601. */
export interface MailFacts {
  /** To someone who has registered. */
  activation: { link: string }
  password_reset: { link: string }
  /** To someone for whom an Admin has made an account without a password. */
  welcome: { link: string }
  /** To the new address, which the link proves. */
  email_change: { link: string }
  /** To the old address, the last word that it gets. */
  email_changed: object
  password_changed: object
  new_device: { user_agent: string | null; ip: string | null; time: string }
  /** Someone has shown a refresh token that had been used up long before: it was copied. */
  session_reuse: object
  invitation: { link: string; inviter: string | null; department: string | null; isAdmin: boolean; expires_at: string }
  /** To the owner of an address that someone has tried to take. */
  account_exists: object
  /** To an organisation that operators have closed or opened: its own people cannot sign in to read why. */
  tenant_notice: {
    organization: string
    event: 'suspended' | 'resumed' | 'deletion_scheduled' | 'restored'
    reason: string | null
    until: string | null
  }
  /** To someone who wants an organisation: proves that the mailbox is hers. */
  signup_confirm: { link: string; name: string }
  /** To an operator, who decides. */
  signup_waiting: { name: string; subdomain: string }
  /** To the first Admin of an organisation that an operator has approved. */
  signup_approved: { link: string }
  /** To someone whose organisation was not wanted here, with the operator's own words if any. */
  signup_refused: { name: string; reason: string }
  /** To someone who does not know where to sign in. */
  organizations: { found: { name: string; url: string }[] }
}

/** Every mail in one language. */
export type MailTexts = { [Kind in keyof MailFacts]: (brand: Brand, facts: MailFacts[Kind]) => Content }
