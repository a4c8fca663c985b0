import { createHash } from 'node:crypto'
import type { Db } from '#server/database/realms.ts'
import type { Slots } from '#server/database/slots/slots.ts'
import { networkOf } from './client-network.ts'
import type { Counted } from './limit-counters.ts'
import { createCounters } from './limit-counters.ts'

const hour = 60 * 60
const day = 24 * hour

/**
 * Every limit of the product, counted in PostgreSQL and so shared by all processes and kept over a restart.
 * `points` in `duration` seconds.
 */
const rules = {
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

/** Days for which an organisation that signed itself up is young, unless an operator has approved it. */
export const youth = 7

export interface Limits {
  /** The tries of one account's password from one address. */
  passwordAttempt(realm: string, account: string, ip: string | null): PasswordAttempt
  /** Counts a wrong link. */
  countWrongLink(realm: string, ip: string | null): Promise<void>
  /** @throws ApiError 429 when the address has tried too many wrong links */
  checkLinks(realm: string, ip: string | null): Promise<void>
  /** Counts a mail that someone unknown asks for. @returns whether it may be sent */
  admitMail(realm: string, mailbox: string): Promise<boolean>
  /** The same, of one that an Admin asks for. @throws ApiError 429 */
  countMail(realm: string, mailbox: string): Promise<void>
  /** Counts someone who asks for a mail. @throws ApiError 429 */
  countMailRequest(realm: string, ip: string | null): Promise<void>
  /** Counts a mail to whom nobody here may know. @returns whether it may be sent */
  admitStranger(mailbox: string): Promise<boolean>
  /** The same. @throws ApiError 429 */
  countStranger(mailbox: string): Promise<void>
  /** Counts a mail to a new address of one's own. @throws ApiError 429 */
  countEmailChange(realm: string, user: string): Promise<void>
  /** Counts an invitation's mail. @throws ApiError 429 */
  admitInvitation(realm: string, mailbox: string): Promise<void>
  /** Counts mails to people of an Admin's choice, in the transaction that queues them. @throws ApiError 429 */
  countOutreach(tx: Db, realm: string, mailboxes: string[]): Promise<void>
  /** Counts a registration under a taken address. */
  countTaken(realm: string, ip: string | null): Promise<void>
  /** @throws ApiError 429 when too many were taken */
  checkTaken(realm: string, ip: string | null): Promise<void>
  /** Counts a registration and its mail, which `undo` takes back. @throws ApiError 429 */
  admitRegistration(realm: string, ip: string | null, mailbox: string): Promise<{ undo: () => Promise<void> }>
  /** Counts mails of a young organisation; of too many at once none. @throws ApiError 429 */
  countYoungMails(tenant: string, mails: number): Promise<void>
  /** Counts a picture that someone uploads. @throws ApiError 429 */
  countUpload(realm: string, user: string): Promise<void>
  /** Counts someone who signs up an organisation. @throws ApiError 429 */
  countSignup(ip: string | null): Promise<void>
  /** Counts a question about a subdomain. @throws ApiError 429 */
  countSubdomain(ip: string | null): Promise<void>
  /** Counts a search for someone's organisations. @throws ApiError 429 */
  countSearch(ip: string | null): Promise<void>
  /** Counts an event that a stranger has caused. @returns whether it may be recorded */
  admitEvent(realm: string, kind: string, ip: string | null): Promise<boolean>
}

export interface PasswordAttempt {
  /** @throws ApiError 429 when too many have failed */
  admit(): Promise<void>
  countFailure(): Promise<void>
  /** A right password clears the pair of account and address. */
  forgive(): Promise<void>
}

/** @param ipv6Prefix how many bits of an address of IPv6 are counted as one */
export function createLimits(slots: Slots, ipv6Prefix: number): Limits {
  const from = (ip: string | null) => networkOf(ip, ipv6Prefix)
  const { check, count, consume, consumeAll, consumeWithin, forget, giveBack } = createCounters(slots, rules)

  return {
    passwordAttempt(realm, account, ip) {
      const address = keyOf(realm, from(ip))
      const pair = keyOf(realm, from(ip), account)
      return {
        admit: async () => void (await Promise.all([check('password_pair', pair), check('password_address', address)])),
        countFailure: async () =>
          void (await Promise.all([count('password_pair', pair), count('password_address', address)])),
        forgive: () => forget('password_pair', pair),
      }
    },
    countWrongLink: async (realm, ip) => void (await count('link_address', keyOf(realm, from(ip)))),
    checkLinks: (realm, ip) => check('link_address', keyOf(realm, from(ip))),
    admitMail: async (realm, mailbox) =>
      (await count('mail_mailbox', keyOf(realm, mailbox))) && (await count('mail_mailbox_day', keyOf(realm, mailbox))),
    countMail: (realm, mailbox) =>
      consumeAll([
        ['mail_mailbox', keyOf(realm, mailbox)],
        ['mail_mailbox_day', keyOf(realm, mailbox)],
      ]),
    countMailRequest: (realm, ip) => consume('mail_request_address', keyOf(realm, from(ip))),
    admitStranger: mailbox => count('stranger_mailbox_day', keyOf(mailbox)),
    countStranger: mailbox => consume('stranger_mailbox_day', keyOf(mailbox)),
    countEmailChange: (realm, user) => consume('email_change_person_day', keyOf(realm, user)),
    async admitRegistration(realm, ip, mailbox) {
      const address = keyOf(realm, from(ip))
      const counted: Counted<keyof typeof rules>[] = [
        ['stranger_mailbox_day', keyOf(mailbox)],
        ['registration_address_hour', address],
        ['registration_address_day', address],
        ['registration_tenant_day', keyOf(realm)],
      ]
      await consumeAll(counted)
      return { undo: () => giveBack(counted) }
    },
    countYoungMails: (tenant, mails) => consume('young_tenant_mails_day', keyOf(tenant), mails),
    admitInvitation: (realm, mailbox) => consume('invitation_mailbox', keyOf(realm, mailbox)),
    countOutreach: (tx, realm, mailboxes) =>
      consumeWithin(
        tx,
        'outreach_mailbox_day',
        mailboxes.map(mailbox => keyOf(realm, mailbox)),
      ),
    countTaken: async (realm, ip) => void (await count('registration_address', keyOf(realm, from(ip)))),
    checkTaken: (realm, ip) => check('registration_address', keyOf(realm, from(ip))),
    countUpload: (realm, user) => consume('upload_person', keyOf(realm, user)),
    countSignup(ip) {
      const address = keyOf('site', from(ip))
      return consumeAll([
        ['signup_address_hour', address],
        ['signup_address_day', address],
        ['signup_all_day', keyOf('site')],
      ])
    },
    countSubdomain: ip => consume('subdomain_address', keyOf('site', from(ip))),
    countSearch: ip => consume('search_address', keyOf('site', from(ip))),
    admitEvent: async (realm, kind, ip) =>
      (await count('event_address', keyOf(realm, kind, from(ip)))) && (await count('event_realm', keyOf(realm, kind))),
  }
}

// Hashed, so that the table tells nobody who tried to sign in, and a key is never too long.
function keyOf(...parts: (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
