import { Resolver } from 'node:dns/promises'
import type { Config } from '#server/config.ts'

/** The DNS answer for a name: its TXT records, or why there are none. */
export type TxtAnswer =
  | { records: string[] }
  | { error: string; /** The name says so itself; else its servers were not reached. */ isCertain: boolean }

/** Queries the configured resolver, or the system's, for the TXT records of a name. */
export async function lookUpTxt({ dnsServer }: Pick<Config, 'dnsServer'>, name: string): Promise<TxtAnswer> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  if (dnsServer !== undefined) resolver.setServers([dnsServer])
  try {
    // A record longer than 255 bytes comes in pieces, RFC 7208, 3.3.
    return { records: (await resolver.resolveTxt(name)).map(pieces => pieces.join('')) }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    const isCertain = code === 'ENOTFOUND' || code === 'ENODATA'
    return {
      error: isCertain ? `There is no TXT record at ${name}.` : `The DNS did not answer for ${name} (${code}).`,
      isCertain,
    }
  }
}
