import type { Db } from '#server/database/realms.ts'
import type { Slots } from '#server/database/slots/slots.ts'
import type { From } from './client-network.ts'
import { networkOf } from './client-network.ts'
import type { Counted, Counters } from './limit-counters.ts'
import { createCounters, keyOf } from './limit-counters.ts'
import type { LimitName } from './limit-rules.ts'
import { limitRules } from './limit-rules.ts'
import type { CodeAttempt, PasswordAttempt } from './password-limits.ts'
import { passwordLimits } from './password-limits.ts'

/** Days for which an organisation that signed up by itself is young, unless an operator has approved it. */
export const youth = 7

export interface Limits {
  /** The attempts at one account's password from one address. */
  passwordAttempt(realm: string, account: string, ip: string | null): PasswordAttempt
  /**
   * The attempts at one account's second factor from one address. Wrong ones count like wrong passwords.
   * @param isTotp whether it is a code of an authenticator app
   */
  codeAttempt(realm: string, account: string, ip: string | null, isTotp: boolean): CodeAttempt
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

/** @param ipv6Prefix the length in bits of an IPv6 network that is counted as one address */
export function createLimits(slots: Slots, ipv6Prefix: number): Limits {
  const counters = createCounters(slots, limitRules)
  const from: From = ip => networkOf(ip, ipv6Prefix)
  return {
    ...passwordLimits(counters, from),
    ...linkLimits(counters, from),
    ...mailLimits(counters, from),
    ...outreachLimits(counters),
    ...registrationLimits(counters, from),
    ...siteLimits(counters, from),
    ...recordLimits(counters, from),
  }
}

function linkLimits({ check, count }: Counters<LimitName>, from: From): Pick<Limits, 'countWrongLink' | 'checkLinks'> {
  return {
    countWrongLink: async (realm, ip) => void (await count('link_address', keyOf(realm, from(ip)))),
    checkLinks: (realm, ip) => check('link_address', keyOf(realm, from(ip))),
  }
}

function mailLimits({ count, consume, consumeAll }: Counters<LimitName>, from: From) {
  return {
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
  } satisfies Partial<Limits>
}

function outreachLimits({ consume, consumeWithin }: Counters<LimitName>) {
  return {
    countYoungMails: (tenant, mails) => consume('young_tenant_mails_day', keyOf(tenant), mails),
    admitInvitation: (realm, mailbox) => consume('invitation_mailbox', keyOf(realm, mailbox)),
    countOutreach(tx, realm, mailboxes) {
      const keys = mailboxes.map(mailbox => keyOf(realm, mailbox))
      return consumeWithin(tx, 'outreach_mailbox_day', keys)
    },
  } satisfies Partial<Limits>
}

function registrationLimits({ check, count, consumeAll, giveBack }: Counters<LimitName>, from: From) {
  return {
    async admitRegistration(realm, ip, mailbox) {
      const counted = registrationCounts(realm, from(ip), mailbox)
      await consumeAll(counted)
      return { undo: () => giveBack(counted) }
    },
    countTaken: async (realm, ip) => void (await count('registration_address', keyOf(realm, from(ip)))),
    checkTaken: (realm, ip) => check('registration_address', keyOf(realm, from(ip))),
  } satisfies Partial<Limits>
}

function registrationCounts(realm: string, network: string | null, mailbox: string): Counted<LimitName>[] {
  return [
    ['stranger_mailbox_day', keyOf(mailbox)],
    ['registration_address_hour', keyOf(realm, network)],
    ['registration_address_day', keyOf(realm, network)],
    ['registration_tenant_day', keyOf(realm)],
  ]
}

function siteLimits({ consume, consumeAll }: Counters<LimitName>, from: From) {
  const address = (ip: string | null) => keyOf('site', from(ip))
  return {
    countSignup: ip =>
      consumeAll([
        ['signup_address_hour', address(ip)],
        ['signup_address_day', address(ip)],
        ['signup_all_day', keyOf('site')],
      ]),
    countSubdomain: ip => consume('subdomain_address', address(ip)),
    countSearch: ip => consume('search_address', address(ip)),
  } satisfies Partial<Limits>
}

// Uploads and recorded events take space.
function recordLimits({ count, consume }: Counters<LimitName>, from: From) {
  return {
    countUpload: (realm, user) => consume('upload_person', keyOf(realm, user)),
    admitEvent: async (realm, kind, ip) =>
      (await count('event_address', keyOf(realm, kind, from(ip)))) && (await count('event_realm', keyOf(realm, kind))),
  } satisfies Partial<Limits>
}
