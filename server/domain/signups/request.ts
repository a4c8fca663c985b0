import { newId } from '#server/database/ids.ts'
import type { Db, PlatformRealm } from '#server/database/realms.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueSiteMail } from '#server/domain/mail/outbox.ts'
import { hashOf, newToken } from '#server/domain/sessions/one-time-links.ts'
import { requireFreeName } from '#server/domain/tenants/names.ts'
import { requireFreeSubdomain } from '#server/domain/tenants/subdomains.ts'
import { forbidden } from '#shared/errors.ts'
import { signupLife } from './links.ts'
import type { NewSignup } from './signups.ts'

/**
 * Stores a request for a new organisation, and mails a link to confirm it. After too many mails to one mailbox none is
 * sent, and the answer is the same.
 * @throws ApiError 400 on `name` or `subdomain` if it is taken; 403 `signup_closed`; 429
 */
export async function requestSignup(app: App, input: NewSignup, audit: AuditContext): Promise<void> {
  const { platform } = app.database
  requireOpenSignup(app)
  await app.limits.countSignup(audit.ip)
  await platform.transaction(async tx => {
    await requireFreeSubdomain(tx, platform, input.subdomain)
    await requireFreeName(tx, platform, input.name)
  })
  if (!(await app.limits.admitMail('site', input.email)) || !(await app.limits.admitStranger(input.email))) return
  await platform.transaction(async tx => {
    const signup = await insertSignup(tx, platform, input)
    const { email, language } = input
    await enqueueSiteMail(tx, { kind: 'signup_confirm', to: email, data: { signup, language } })
  })
}

/** @returns its id */
async function insertSignup(tx: Db, { tables: { signups } }: PlatformRealm, input: NewSignup): Promise<string> {
  const id = newId()
  const created = new Date()
  const expires_at = new Date(created.getTime() + signupLife * 1000)
  // No link matches this token: the mail's token is made when it is sent.
  await tx.insert(signups).values({ ...input, id, token_hash: hashOf(newToken()), created, expires_at })
  return id
}

/** Checks that sign-ups are possible here. @throws ApiError 403 `signup_closed` */
export function requireOpenSignup({ config }: App): void {
  if (config.signup === 'closed') throw forbidden('New organisations cannot be signed up here.', 'signup_closed')
}
