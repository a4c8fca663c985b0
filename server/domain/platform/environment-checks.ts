import { lookup } from 'node:dns/promises'
import { sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { checkMailServer } from '#server/mail/mailer.ts'
import type { Check } from './check.ts'

/** Seconds by which two clocks may differ. */
const clockTolerance = 5

/** Whether this machine and the database agree on the time, which tokens and links depend on. */
export async function checkClock({ database }: App): Promise<Check> {
  const before = Date.now()
  const rows = await database.platform.db.execute<{ now: number }>(
    sql`select extract(epoch from clock_timestamp())::float8 as now`,
  )
  const difference = Math.abs(rows[0]!.now - (before + Date.now()) / 2000)
  return {
    name: 'clock',
    found: `${difference.toFixed(1)} s from the database's`,
    problems:
      difference > clockTolerance
        ? [
            'The clocks of this machine and of the database differ. Tokens expire too early or too late: use NTP on both.',
          ]
        : [],
  }
}

/** Whether the mail server takes mails. */
export async function checkMail({ config }: App): Promise<Check> {
  const { smtpUrl, dir } = config.mail
  if (!smtpUrl)
    return {
      name: 'mail',
      found: `files in ${dir}`,
      problems: config.production ? ['Mails are not sent, because SMTP_URL is not set.'] : [],
    }
  const problem = await checkMailServer(config).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  )
  return {
    name: 'mail',
    found: problem ? 'the mail server does not answer as expected' : 'the mail server answers',
    problems: problem ? [`SMTP_URL: ${problem}`] : [],
  }
}

/** Whether the base domain and its subdomains lead anywhere; `localhost` does in every browser. */
export async function checkDomain({ config: { baseDomain } }: App): Promise<Check> {
  const hosts = [baseDomain, `console.${baseDomain}`, `any-organisation.${baseDomain}`]
  const isLocal = /(?:^|\.)localhost$/.test(baseDomain)
  const missing = isLocal ? [] : await withoutAddress(hosts)
  return {
    name: 'domain',
    found: isLocal ? baseDomain : `${hosts.length - missing.length} of ${hosts.length} hosts have an address`,
    problems: missing.map(
      host => `${host} has no address. Add a DNS record for ${host === baseDomain ? host : `*.${baseDomain}`}.`,
    ),
  }
}

async function withoutAddress(hosts: string[]): Promise<string[]> {
  const found = await Promise.all(
    hosts.map(host =>
      lookup(host).then(
        () => true,
        () => false,
      ),
    ),
  )
  return hosts.filter((_, i) => !found[i])
}

/**
 * Whether TRUSTED_PROXIES names the proxies and nobody else. The console's doctor also knows what came to its own
 * process.
 */
export function checkProxies({ config, ignoredForwarders }: App): Check {
  const { rules } = config.trustedProxies
  const isMissing = config.production && config.protocol === 'https' && rules.length === 0
  return {
    name: 'proxies',
    found: rules.length === 0 ? 'none is trusted' : `${rules.length} addresses or networks are trusted`,
    problems: [
      ...rules.filter(isTooBroad).map(rule => {
        const network = rule.split(' ').at(-1)
        return `TRUSTED_PROXIES trusts ${network}, which anybody can be in: they choose their address for limits and logs. Name only your proxies.`
      }),
      ...(isMissing
        ? [
            'TRUSTED_PROXIES is empty, but with SITE_PROTOCOL=https there is a proxy: all clients count as one. Set its address.',
          ]
        : []),
      ...[...ignoredForwarders].map(
        address =>
          `X-Forwarded-For from ${address} is ignored. If that is your proxy, add it to TRUSTED_PROXIES; if not, somebody in your network invents addresses.`,
      ),
    ],
  }
}

/** The largest private networks are 10.0.0.0/8 and fc00::/7. @param rule such as `Subnet: IPv4 10.0.0.0/8` */
function isTooBroad(rule: string): boolean {
  const [, family, bits] = /IPv([46]) \S+\/(\d+)$/.exec(rule) ?? []
  return Number(bits) < (family === '4' ? 8 : 7)
}

/** Indexes that PostgreSQL does not use, because their creation failed. */
export async function checkIndexes({ database }: App): Promise<Check> {
  const rows = await database.platform.db.execute<{ schema: string; name: string }>(sql`
    select n.nspname as schema, c.relname as name
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and (n.nspname = 'platform' or n.nspname ~ '^t_') order by 1, 2`)
  return {
    name: 'indexes',
    found: `${rows.length} invalid`,
    problems: rows.map(
      ({ schema, name }) =>
        `The index ${schema}.${name} is not valid. Run: reindex index concurrently ${schema}.${name}`,
    ),
  }
}
