import { newId } from '#server/database/ids.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueSiteMail } from '#server/domain/mail/outbox.ts'
import { hashOf, newToken } from '#server/domain/sessions/links.ts'
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
  const now = Date.now()
  await platform.transaction(async tx => {
    const id = newId()
    // No link matches this token: the mail's token is created when it is sent.
    await tx.insert(platform.tables.signups).values({
      ...input,
      id,
      token_hash: hashOf(newToken()),
      created: new Date(now),
      expires_at: new Date(now + signupLife * 1000),
    })
    await enqueueSiteMail(tx, {
      kind: 'signup_confirm',
      to: input.email,
      data: { signup: id, language: input.language },
    })
  })
}

/** Checks that sign-ups are possible here. @throws ApiError 403 `signup_closed` */
export function requireOpenSignup({ config }: App): void {
  if (config.signup === 'closed') throw forbidden('New organisations cannot be signed up here.', 'signup_closed')
}
