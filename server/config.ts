import type { BlockList } from 'node:net'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { parseDnsServer, parseProxies } from './config/addresses.ts'
import { ConfigError } from './config/error.ts'
import type { S3Settings } from './config/s3.ts'
import { s3Of } from './config/s3.ts'
import type { Secret } from './config/secrets.ts'
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
  /** Past a pooler, for what is not a short request; undefined: the same. */
  databaseDirectUrl: string | undefined
  dataDir: string
  /** Where photos and logos are; see server/domain/images/files.ts. */
  uploadDir: string
  /** Where tenants' archives are; see server/domain/archives. */
  archiveDir: string
  /** Where photos, logos and archives are, in place of the two folders; undefined: in these. */
  s3: S3Settings | undefined
  /** Days after which archives are deleted; undefined: never. */
  archiveRetention: number | undefined
  /** The public keys for which archives are encrypted; none: they are not. */
  archiveRecipients: string[]
  secret: Secret
  pepper: Secret
  mail: {
    /** Undefined: mails are written to `dir` as files. */
    smtpUrl: string | undefined
    /** With which the mail server is greeted. */
    smtpName: string
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
  /** Whether operators must have a second factor. */
  operatorsNeedFactor: boolean
  /** How many bits of an IPv6 address identify one client of the rate limits. */
  limitIpv6Prefix: number
  /** Seconds for a request to arrive completely: enough for 5 MB on a slow line, and a limit for slow senders. */
  requestLimit: number
  /** Seconds between the signal to end and the end, in which the server answers but is not ready. */
  drainDelay: number
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
  /** Of the metrics for Prometheus; none if undefined. */
  metricsPort: number | undefined
  /** Which traces are exported, and the milliseconds between two exports; none if undefined. */
  traces: { sampler: string; ratio: number; pause: number } | undefined
  /** Whether the reference of the API can be read at /api/docs. */
  apiDocs: boolean
  /** Whether each answer is checked against the schema that its route declares, as in development. */
  checkAnswers: boolean
  checkStatements: boolean
}

/**
 * Reads and checks the environment. Outside production a missing SECRET or PEPPER is generated once and kept in
 * DATA_DIR, so sign-ins survive a restart.
 * @throws {ConfigError} on the first setting that is missing or wrong
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const given = readSettings(env)
  const production = given.NODE_ENV === 'production' && given.DEMO !== '1'
  const dataDir = resolve(given.DATA_DIR)
  return {
    production,
    ...addressOf(given),
    ...foldersOf(given, dataDir),
    ...databaseOf(given),
    ...lifetimesOf(given),
    secret: secretOf('SECRET', given, production, dataDir),
    pepper: secretOf('PEPPER', given, production, dataDir),
    trustedProxies: parseProxies(given.TRUSTED_PROXIES),
    signup: given.SIGNUP ?? (given.DEMO === '1' ? 'open' : 'closed'),
    poolSize: given.POOL_SIZE,
    bcryptCost: given.BCRYPT_COST,
    operatorsNeedFactor: given.OPERATOR_SECOND_FACTOR ? given.OPERATOR_SECOND_FACTOR === 'required' : production,
    limitIpv6Prefix: given.LIMIT_IPV6_PREFIX,
    requestLimit: given.REQUEST_LIMIT,
    drainDelay: given.DRAIN_DELAY,
    metricsPort: given.METRICS_PORT,
    traces: tracesOf(given),
    dnsServer: parseDnsServer(given.DNS_SERVER),
    logLevel: given.LOG_LEVEL,
    apiDocs: given.API_DOCS ? given.API_DOCS === '1' : !production,
    checkAnswers: given.CHECK_ANSWERS === '1',
    checkStatements: given.CHECK_STATEMENTS === '1',
  }
}

type Settings = z.output<typeof settings>

function readSettings(env: Record<string, string | undefined>): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const { data, error } = settings.safeParse(given)
  if (data) return data
  const issue = error.issues[0]!
  throw new ConfigError(`${String(issue.path[0])}: ${issue.message}`)
}

function addressOf({ PORT, HOST, BASE_DOMAIN, SITE_PROTOCOL, PUBLIC_PORT }: Settings) {
  const publicPort = PUBLIC_PORT ?? (SITE_PROTOCOL === 'http' ? PORT : undefined)
  const portSuffix = publicPort && publicPort !== (SITE_PROTOCOL === 'http' ? 80 : 443) ? `:${publicPort}` : ''
  return {
    port: PORT,
    host: HOST,
    baseDomain: BASE_DOMAIN,
    protocol: SITE_PROTOCOL,
    originOf: (host: string) => `${SITE_PROTOCOL}://${host}${portSuffix}`,
  }
}

function foldersOf(given: Settings, dataDir: string) {
  return {
    dataDir,
    uploadDir: resolve(given.UPLOAD_DIR ?? join(dataDir, 'uploads')),
    archiveDir: resolve(given.ARCHIVE_DIR ?? join(dataDir, 'archives')),
    s3: s3Of(given),
    archiveRetention: given.ARCHIVE_RETENTION,
    archiveRecipients: given.ARCHIVE_RECIPIENTS.split(',').filter(Boolean),
    mail: {
      smtpUrl: given.SMTP_URL,
      smtpName: given.SMTP_NAME ?? given.BASE_DOMAIN,
      dir: resolve(given.MAIL_DIR ?? join(dataDir, 'mail')),
      from: given.MAIL_FROM ?? `no-reply@${given.BASE_DOMAIN}`,
    },
  }
}

function databaseOf({ DATABASE_URL, DATABASE_DIRECT_URL, DB_SLOTS, DB_TENANT_SLOTS, DB_PREPARE }: Settings) {
  return {
    databaseUrl: DATABASE_URL,
    databaseDirectUrl: DATABASE_DIRECT_URL,
    dbSlots: DB_SLOTS,
    dbTenantSlots: DB_TENANT_SLOTS ?? Math.ceil(DB_SLOTS / 2),
    dbPrepare: DB_PREPARE === '1',
  }
}

function tracesOf(given: Settings): Config['traces'] {
  if (given.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return undefined
  return {
    sampler: given.OTEL_TRACES_SAMPLER,
    ratio: given.OTEL_TRACES_SAMPLER_ARG,
    pause: given.OTEL_BSP_SCHEDULE_DELAY,
  }
}

function lifetimesOf(given: Settings): Pick<Config, 'ttl' | 'life'> {
  return {
    ttl: {
      access: given.ACCESS_TTL,
      refresh: given.REFRESH_TTL,
      session: given.SESSION_TTL,
      refreshGrace: given.REFRESH_GRACE,
    },
    life: {
      redirect: given.RENAME_REDIRECT,
      deletionGrace: given.DELETION_GRACE,
      quarantine: given.SUBDOMAIN_QUARANTINE,
      keyLead: given.KEY_LEAD,
    },
  }
}
