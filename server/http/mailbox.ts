import type { Config } from '#server/config.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { notFound } from '#shared/errors.ts'

/**
 * Mails contain links that give access to an account, so the mailbox exists only where accounts are not real.
 * @returns the folder of mails
 * @throws ApiError 404 in production, and where mails are sent by SMTP
 */
export function requireMailbox(config: Config): string {
  if (!hasMailbox(config)) throw notFound()
  return config.mail.dir
}

/** Whether the mails of this host can be read in the mailbox. */
export function hasMailbox({ production, mail: { smtpUrl } }: Config): boolean {
  return !production && !smtpUrl
}

/** @returns the key of a host's mailbox: the realm's, or the site's own */
export function mailboxId(authRealm: AuthRealm | undefined): string {
  return authRealm?.id ?? 'site'
}

/** @returns the URLs in a mail's text, in order, without duplicates */
export function linksOf(text: string): string[] {
  return [...new Set(text.match(/https?:\/\/\S+/g) ?? [])]
}
