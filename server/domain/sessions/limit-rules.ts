const hour = 60 * 60
const day = 24 * hour

/**
 * Every limit of the product, counted in PostgreSQL and so shared by all processes and kept over a restart.
 * `points` in `duration` seconds.
 */
export const limitRules = {
  /** Wrong passwords for one account from one address. */
  password_pair: { points: 10, duration: 15 * 60 },
  /** Wrong passwords from one address, whatever the account. */
  password_address: { points: 100, duration: 15 * 60 },
  /** Links with a wrong token from one address. */
  link_address: { points: 20, duration: 15 * 60 },
  /** Mails that anyone can have sent to one mailbox. */
  mail_mailbox: { points: 3, duration: 15 * 60 },
  mail_mailbox_day: { points: 20, duration: day },
  /** Mails that one address asks for, to whichever mailboxes: each is a row. */
  mail_request_address: { points: 60, duration: 15 * 60 },
  /**
   * Mails to one mailbox from all organisations together that strangers have caused, and those whom nobody has
   * looked at.
   */
  stranger_mailbox_day: { points: 10, duration: day },
  /** New addresses to which one person has a confirmation sent. */
  email_change_person_day: { points: 10, duration: day },
  /** Invitations sent to one mailbox. */
  invitation_mailbox: { points: 3, duration: 15 * 60 },
  /** Invitations and links to choose a first password that one organisation sends to one mailbox. */
  outreach_mailbox_day: { points: 20, duration: day },
  /** Registrations from one address that found theirs taken: each says that someone is there. */
  registration_address: { points: 20, duration: 15 * 60 },
  /** Accounts that one address registers with an organisation: each is a row, and a mail to whichever mailbox. */
  registration_address_hour: { points: 20, duration: hour },
  registration_address_day: { points: 50, duration: day },
  /** The same from all addresses together. */
  registration_tenant_day: { points: 500, duration: day },
  /** Organisations that one address signs up, or tries to: each says whether a name is taken. */
  signup_address_hour: { points: 10, duration: hour },
  signup_address_day: { points: 20, duration: day },
  /** The same from all addresses together. */
  signup_all_day: { points: 300, duration: day },
  /** Invitations and links to new people from an organisation that is young; see young-tenants.ts. */
  young_tenant_mails_day: { points: 50, duration: day },
  /** Subdomains that one address asks about, as someone types. */
  subdomain_address: { points: 120, duration: 60 },
  /** Searches through all organisations for one address's sake. */
  search_address: { points: 10, duration: 15 * 60 },
  /** Pictures that one person uploads; each costs a decoding. */
  upload_person: { points: 100, duration: 15 * 60 },
  /** Events of one kind that one stranger's address puts into a realm's record; a flood of them costs no statements. */
  event_address: { points: 5, duration: 15 * 60, inMemoryBlockOnConsumed: 5 },
  /** The same from all addresses together. */
  event_realm: { points: 100, duration: 15 * 60, inMemoryBlockOnConsumed: 100 },
} as const

export type LimitName = keyof typeof limitRules
