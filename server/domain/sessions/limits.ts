import { createHash } from 'node:crypto'
import type { Db } from '#server/database/realms.ts'
import type { Slots } from '#server/database/slots/slots.ts'
import { networkOf } from './client-network.ts'
import type { Counted } from './limit-counters.ts'
import { createCounters } from './limit-counters.ts'

const hour = 60 * 60
const day = 24 * hour

/**
 * Every limit of the product. Limits are counted in PostgreSQL, so all processes share them, and they survive a
 * restart.
 */
const rules = {
  /** Wrong passwords for one account from one address. */
  password_pair: { points: 10, duration: 15 * 60 },
  /** Wrong passwords from one address, for any account. */
  password_address: { points: 100, duration: 15 * 60 },
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

/** Days for which an organisation that signed up by itself is young, unless an operator has approved it. */
export const youth = 7

export interface Limits {
  /** The attempts at one account's password from one address. */
  passwordAttempt(realm: string, account: string, ip: string | null): PasswordAttempt
  /** Counts a wrong link. */
  countWrongLink(realm: string, ip: string | null): Promise<void>
  /** @throws ApiError 429 after too many wrong links from the address */
  checkLinks(realm: string, ip: string | null): Promise<void>
  /** Counts a mail that an unknown person requests. @returns whether it may be sent */
  admitMail(realm: string, mailbox: string): Promise<boolean>
  /** The same for a mail that an Admin requests. @throws ApiError 429 */
  countMail(realm: string, mailbox: string): Promise<void>
  /** Counts a request for a mail. @throws ApiError 429 */
  countMailRequest(realm: string, ip: string | null): Promise<void>
  /** Counts a mail to a stranger. @returns whether it may be sent */
  admitStranger(mailbox: string): Promise<boolean>
  /** The same. @throws ApiError 429 */
  countStranger(mailbox: string): Promise<void>
  /** Counts a confirmation of a user's new address. @throws ApiError 429 */
  countEmailChange(realm: string, user: string): Promise<void>
  /** Counts an invitation's mail. @throws ApiError 429 */
  admitInvitation(realm: string, mailbox: string): Promise<void>
  /** Counts mails to people whom an Admin chose, in the transaction that queues them. @throws ApiError 429 */
  countOutreach(tx: Db, realm: string, mailboxes: string[]): Promise<void>
  /** Counts a registration with an e-mail address that is taken. */
  countTaken(realm: string, ip: string | null): Promise<void>
  /** @throws ApiError 429 after too many taken addresses */
  checkTaken(realm: string, ip: string | null): Promise<void>
  /** Counts a registration and its mail; `undo` reverts that. @throws ApiError 429 */
  admitRegistration(realm: string, ip: string | null, mailbox: string): Promise<{ undo: () => Promise<void> }>
  /** Counts mails of a young organisation; none of them if they exceed the limit. @throws ApiError 429 */
  countYoungMails(tenant: string, mails: number): Promise<void>
  /** Counts an uploaded image. @throws ApiError 429 */
  countUpload(realm: string, user: string): Promise<void>
  /** Counts a sign-up. @throws ApiError 429 */
  countSignup(ip: string | null): Promise<void>
  /** Counts a check of a subdomain. @throws ApiError 429 */
  countSubdomain(ip: string | null): Promise<void>
  /** Counts a search for a user's organisations. @throws ApiError 429 */
  countSearch(ip: string | null): Promise<void>
  /** Counts an event that a stranger caused. @returns whether it may be recorded */
  admitEvent(realm: string, kind: string, ip: string | null): Promise<boolean>
}

export interface PasswordAttempt {
  /** @throws ApiError 429 after too many failures */
  admit(): Promise<void>
  countFailure(): Promise<void>
  /** A right password resets the counter of the account and address. */
  forgive(): Promise<void>
}

/** @param ipv6Prefix the length in bits of an IPv6 network that is counted as one address */
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

// Hashed, so that the table does not reveal who tried to sign in, and a key is never too long.
function keyOf(...parts: (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
