import type { BlockList } from 'node:net'
import { join, resolve } from 'node:path'
import { parseDnsServer, parseProxies } from './config/addresses.ts'
import { ConfigError } from './config/error.ts'
import { secretOf } from './config/secrets.ts'
import { settings } from './config/settings.ts'

export interface Config {
  production: boolean
  port: number
  host: string
  baseDomain: string
  protocol: 'http' | 'https'
  /** The origin of a host as browsers see it, such as `http://acme.localhost:3000`. */
  originOf(host: string): string
  databaseUrl: string | undefined
  dataDir: string
  /** Where photos and logos are; see server/domain/images/files.ts. */
  uploadDir: string
  /** Where tenants' archives are; see server/domain/archives. */
  archiveDir: string
  secret: string
  pepper: string
  mail: {
    /** Undefined: mails are written to `dir` as files. */
    smtpUrl: string | undefined
    dir: string
    /** The address that mails come from; the name before it is the organisation's. */
    from: string
  }
  trustedProxies: BlockList
  dbSlots: number
  /** How many of these one tenant may hold at once. */
  dbTenantSlots: number
  /** Whether statements may be prepared; some poolers do not keep prepared statements. */
  dbPrepare: boolean
  /** Who may sign up an organisation on the site: anyone, anyone with an operator's approval, nobody. */
  signup: 'open' | 'approval' | 'closed'
  /** How many spare schemas are created in advance for new organisations; 0: none. */
  poolSize: number
  bcryptCost: number
  /** How many bits of an IPv6 address identify one client of the rate limits. */
  limitIpv6Prefix: number
  /** Seconds for a request to arrive completely: enough for 5 MB on a slow line, and a limit for slow senders. */
  requestLimit: number
  /** All in seconds. */
  ttl: { access: number; refresh: number; session: number; refreshGrace: number }
  /**
   * In seconds: how long a former subdomain redirects, how long a deletion can be cancelled, how long a purged tenant's
   * subdomains are quarantined, and how long a signing key is published before it signs.
   */
  life: { redirect: number; deletionGrace: number; quarantine: number; keyLead: number }
  /** Address and port of the DNS resolver that verifies custom domains; undefined: the system's. */
  dnsServer: string | undefined
  logLevel: string
  /** Whether each answer is checked against the schema that its route declares, as in development. */
  checkAnswers: boolean
}

/**
 * Reads and checks the environment. Outside production a missing SECRET or PEPPER is generated once and kept in
 * DATA_DIR, so sign-ins survive a restart.
 * @throws {ConfigError} on the first setting that is missing or wrong
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = settings.safeParse(given)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new ConfigError(`${String(issue.path[0])}: ${issue.message}`)
  }
  const value = parsed.data
  const production = value.NODE_ENV === 'production' && value.DEMO !== '1'
  const dataDir = resolve(value.DATA_DIR)
  const publicPort = value.PUBLIC_PORT ?? (value.SITE_PROTOCOL === 'http' ? value.PORT : undefined)
  const portSuffix = publicPort && publicPort !== (value.SITE_PROTOCOL === 'http' ? 80 : 443) ? `:${publicPort}` : ''
  return {
    production,
    port: value.PORT,
    host: value.HOST,
    baseDomain: value.BASE_DOMAIN,
    protocol: value.SITE_PROTOCOL,
    originOf: host => `${value.SITE_PROTOCOL}://${host}${portSuffix}`,
    databaseUrl: value.DATABASE_URL,
    dataDir,
    uploadDir: resolve(value.UPLOAD_DIR ?? join(dataDir, 'uploads')),
    archiveDir: resolve(value.ARCHIVE_DIR ?? join(dataDir, 'archives')),
    secret: secretOf('SECRET', value.SECRET, production, dataDir),
    pepper: secretOf('PEPPER', value.PEPPER, production, dataDir),
    mail: {
      smtpUrl: value.SMTP_URL,
      dir: resolve(value.MAIL_DIR ?? join(dataDir, 'mail')),
      from: value.MAIL_FROM ?? `no-reply@${value.BASE_DOMAIN}`,
    },
    trustedProxies: parseProxies(value.TRUSTED_PROXIES),
    dbSlots: value.DB_SLOTS,
    dbTenantSlots: value.DB_TENANT_SLOTS ?? Math.ceil(value.DB_SLOTS / 2),
    dbPrepare: value.DB_PREPARE === '1',
    signup: value.SIGNUP ?? (value.DEMO === '1' ? 'open' : 'closed'),
    poolSize: value.POOL_SIZE,
    bcryptCost: value.BCRYPT_COST,
    limitIpv6Prefix: value.LIMIT_IPV6_PREFIX,
    requestLimit: value.REQUEST_LIMIT,
    ttl: {
      access: value.ACCESS_TTL,
      refresh: value.REFRESH_TTL,
      session: value.SESSION_TTL,
      refreshGrace: value.REFRESH_GRACE,
    },
    life: {
      redirect: value.RENAME_REDIRECT,
      deletionGrace: value.DELETION_GRACE,
      quarantine: value.SUBDOMAIN_QUARANTINE,
      keyLead: value.KEY_LEAD,
    },
    dnsServer: parseDnsServer(value.DNS_SERVER),
    logLevel: value.LOG_LEVEL,
    checkAnswers: value.CHECK_ANSWERS === '1',
  }
}
