import type { Config } from '#server/config.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { notFound } from '#shared/errors.ts'

/**
 * Mails have links by which one becomes someone: where people's accounts are real, nobody reads them here.
 * @returns the folder of mails
 * @throws ApiError 404 in production, and where mails are really sent
 */
export function requireMailbox(config: Config): string {
  if (!hasMailbox(config)) throw notFound()
  return config.mail.dir
}

/** Whether the mails of this place can be read in it. */
export function hasMailbox({ production, mail: { smtpUrl } }: Config): boolean {
  return !production && !smtpUrl
}

/** @returns whose mails a host's mailbox shows: the realm's, or the site's own */
export function mailboxId(authRealm: AuthRealm | undefined): string {
  return authRealm?.id ?? 'site'
}

/** @returns the addresses in a mail's text, in order, each once */
export function linksOf(text: string): string[] {
  return [...new Set(text.match(/https?:\/\/\S+/g) ?? [])]
}
