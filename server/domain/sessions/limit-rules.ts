const hour = 60 * 60
const day = 24 * hour

/**
 * Every limit of the product. Limits are counted in PostgreSQL, so all processes share them, and they survive a
 * restart.
 */
export const limitRules = {
  /** Wrong passwords for one account from one address. */
  password_pair: { points: 10, duration: 15 * 60 },
  /** Wrong passwords from one address, for any account. */
  password_address: { points: 100, duration: 15 * 60 },
  /**
   * Wrong codes of an authenticator app for one account, from all addresses: only someone with the right password can
   * try any. Passkeys and recovery codes, which cannot be guessed, go on working.
   */
  code_account_day: { points: 50, duration: day },
  /** Wrong codes after which the user gets a mail, and the mails. */
  code_warning_day: { points: 9, duration: day },
  code_mail_day: { points: 1, duration: day },
  /** Links with a wrong token from one address. */
  link_address: { points: 20, duration: 15 * 60 },
  /** Mails that anyone can request, to one mailbox. */
  mail_mailbox: { points: 3, duration: 15 * 60 },
  mail_mailbox_day: { points: 20, duration: day },
  /** Mails that one address requests, to any mailbox: each one is a row. */
  mail_request_address: { points: 60, duration: 15 * 60 },
  /** Mails to one mailbox from all organisations together, if a stranger or an unapproved organisation caused them. */
  stranger_mailbox_day: { points: 10, duration: day },
  /** Confirmations of a new address that one user requests. */
  email_change_person_day: { points: 10, duration: day },
  /** Invitations sent to one mailbox. */
  invitation_mailbox: { points: 3, duration: 15 * 60 },
  /** Invitations and links to choose a first password, from one organisation to one mailbox. */
  outreach_mailbox_day: { points: 20, duration: day },
  /** Registrations from one address with an e-mail address that is taken: each reveals that it exists. */
  registration_address: { points: 20, duration: 15 * 60 },
  /** Accounts that one address registers with an organisation: each is a row, and a mail to any mailbox. */
  registration_address_hour: { points: 20, duration: hour },
  registration_address_day: { points: 50, duration: day },
  /** The same from all addresses together. */
  registration_tenant_day: { points: 500, duration: day },
  /** Organisations that one address signs up or tries to sign up: each reveals whether a name is taken. */
  signup_address_hour: { points: 10, duration: hour },
  signup_address_day: { points: 20, duration: day },
  /** The same from all addresses together. */
  signup_all_day: { points: 300, duration: day },
  /** Invitations and links to new users from a young organisation; see server/domain/tenants/outreach.ts. */
  young_tenant_mails_day: { points: 50, duration: day },
  /** Subdomains that one address checks, as a user types. */
  subdomain_address: { points: 120, duration: 60 },
  /** Searches through all organisations that one address requests. */
  search_address: { points: 10, duration: 15 * 60 },
  /** Images that one user uploads; each one must be decoded. */
  upload_person: { points: 100, duration: 15 * 60 },
  /**
   * Events of one kind that one unknown address causes in a realm's audit log. Beyond the limit, they cost no
   * statement.
   */
  event_address: { points: 5, duration: 15 * 60, inMemoryBlockOnConsumed: 5 },
  /** The same from all addresses together. */
  event_realm: { points: 100, duration: 15 * 60, inMemoryBlockOnConsumed: 100 },
} as const

export type LimitName = keyof typeof limitRules
