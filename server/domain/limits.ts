import { createHash } from 'node:crypto'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { throttled } from '../../shared/errors.ts'
import type { Slots } from '../database/slots/slots.ts'
import { networkOf } from './client-network.ts'

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
  /** Invitations sent to one mailbox. */
  invitation_mailbox: { points: 3, duration: 15 * 60 },
  /** Registrations from one address that found theirs taken: each says that someone is there. */
  registration_address: { points: 20, duration: 15 * 60 },
  /** Organisations that one address signs up, or tries to: each says whether a name is taken. */
  signup_address: { points: 10, duration: 60 * 60 },
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

type RuleName = keyof typeof rules

export interface Limits {
  /** The tries of one account's password from one address. */
  passwordAttempt(realm: string, account: string, ip: string | null): PasswordAttempt
  /** Counts a wrong link. */
  countWrongLink(realm: string, ip: string | null): Promise<void>
  /** @throws ApiError 429 when the address has tried too many wrong links */
  checkLinks(realm: string, ip: string | null): Promise<void>
  /** Counts a mail that someone unknown asks for. @returns whether it may be sent */
  admitMail(realm: string, mailbox: string): Promise<boolean>
  /** Counts an invitation's mail. @throws ApiError 429 */
  admitInvitation(realm: string, mailbox: string): Promise<void>
  /** Counts a registration under a taken address. */
  countTaken(realm: string, ip: string | null): Promise<void>
  /** @throws ApiError 429 when too many were taken */
  checkTaken(realm: string, ip: string | null): Promise<void>
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
  const storeClient = {
    query: async ({ text, values }: { text: string, values: unknown[] }) => {
      const rows = await slots.query('platform', text, values, false)
      return { rows, rowCount: rows.length }
    },
  }
  const limiters = Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, new RateLimiterPostgres({
    ...rule, storeClient, storeType: 'client', keyPrefix: name, schemaName: 'platform', tableName: 'rate_limits', tableCreated: true,
  })])) as Record<RuleName, RateLimiterPostgres>

  return {
    passwordAttempt(realm, account, ip) {
      const address = keyOf(realm, from(ip))
      const pair = keyOf(realm, from(ip), account)
      return {
        admit: async () => void await Promise.all([check('password_pair', pair), check('password_address', address)]),
        countFailure: async () => void await Promise.all([count('password_pair', pair), count('password_address', address)]),
        forgive: async () => void await limiters.password_pair.delete(pair),
      }
    },
    countWrongLink: async (realm, ip) => void await count('link_address', keyOf(realm, from(ip))),
    checkLinks: (realm, ip) => check('link_address', keyOf(realm, from(ip))),
    admitMail: (realm, mailbox) => count('mail_mailbox', keyOf(realm, mailbox)),
    admitInvitation: (realm, mailbox) => consume('invitation_mailbox', keyOf(realm, mailbox)),
    countTaken: async (realm, ip) => void await count('registration_address', keyOf(realm, from(ip))),
    checkTaken: (realm, ip) => check('registration_address', keyOf(realm, from(ip))),
    countUpload: (realm, user) => consume('upload_person', keyOf(realm, user)),
    countSignup: ip => consume('signup_address', keyOf('site', from(ip))),
    countSubdomain: ip => consume('subdomain_address', keyOf('site', from(ip))),
    countSearch: ip => consume('search_address', keyOf('site', from(ip))),
    admitEvent: async (realm, kind, ip) => await count('event_address', keyOf(realm, kind, from(ip))) && await count('event_realm', keyOf(realm, kind)),
  }

  async function consume(rule: RuleName, key: string): Promise<void> {
    if (!await count(rule, key)) await check(rule, key)
  }

  async function check(rule: RuleName, key: string): Promise<void> {
    const state = await limiters[rule].get(key)
    if (state && state.consumedPoints >= rules[rule].points) throw Object.assign(throttled(state.msBeforeNext / 1000), { limit: rule })
  }

  /** @returns false for one too many, of which the next check says so */
  async function count(rule: RuleName, key: string): Promise<boolean> {
    try {
      await limiters[rule].consume(key)
      return true
    }
    catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      return false
    }
  }
}

// Hashed, so that the table tells nobody who tried to sign in, and a key is never too long.
function keyOf(...parts: (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
