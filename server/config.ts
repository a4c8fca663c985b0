import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { z } from 'zod'

/** A setting that is missing or wrong. Its message is one line, names the setting and shows no value of a secret. */
export class ConfigError extends Error {}

const seconds = (min: number, fallback: number) =>
  z.coerce
    .number()
    .int()
    .min(min)
    .max(10 * 365 * 86_400)
    .default(fallback)
const port = z.coerce.number().int().min(1).max(65_535)
const hostName = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/

const settings = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
  /** Set by `npm start`: secrets may be generated, although the build is a production one. */
  DEMO: z.enum(['0', '1']).default('0'),
  PORT: port.default(3000),
  HOST: z.string().default('127.0.0.1'),
  BASE_DOMAIN: z
    .string()
    .toLowerCase()
    .regex(hostName, 'must be a domain name such as staff.example.org')
    .default('localhost'),
  SITE_PROTOCOL: z.enum(['http', 'https']).default('http'),
  PUBLIC_PORT: port.optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional(),
  DATA_DIR: z.string().default('.data'),
  UPLOAD_DIR: z.string().optional(),
  ARCHIVE_DIR: z.string().optional(),
  SECRET: z.string().optional(),
  PEPPER: z.string().optional(),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/[^/]/, 'must start with smtp:// or smtps://')
    .optional(),
  MAIL_DIR: z.string().optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/, 'must be an address such as no-reply@staff.example.org')
    .optional(),
  TRUSTED_PROXIES: z.string().default(''),
  DB_SLOTS: z.coerce.number().int().min(1).max(200).default(8),
  DB_TENANT_SLOTS: z.coerce.number().int().min(1).max(200).optional(),
  DB_PREPARE: z.enum(['0', '1']).default('1'),
  SIGNUP: z.enum(['open', 'approval', 'closed']).optional(),
  POOL_SIZE: z.coerce.number().int().min(0).max(100).default(3),
  LIMIT_IPV6_PREFIX: z.coerce.number().int().min(32).max(128).default(64),
  BCRYPT_COST: z.coerce.number().int().min(10).max(16).default(12),
  REQUEST_LIMIT: seconds(1, 45),
  ACCESS_TTL: seconds(1, 120),
  REFRESH_TTL: seconds(1, 604_800),
  SESSION_TTL: seconds(1, 2_592_000),
  REFRESH_GRACE: seconds(0, 10),
  RENAME_REDIRECT: seconds(0, 7_776_000),
  DELETION_GRACE: seconds(0, 2_592_000),
  SUBDOMAIN_QUARANTINE: seconds(0, 15_552_000),
  KEY_LEAD: seconds(2, 60),
  DNS_SERVER: z.string().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export interface Config {
  production: boolean
  port: number
  host: string
  baseDomain: string
  protocol: 'http' | 'https'
  /** Origin of a host as people's browsers see it, such as `http://acme.localhost:3000`. */
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
  /** Whether the database keeps prepared statements for us; some poolers do not. */
  dbPrepare: boolean
  /** Who may have an organisation made on the site: anyone, anyone whom an operator lets, nobody. */
  signup: 'open' | 'approval' | 'closed'
  /** How many schemas are kept ready for organisations to come; 0: none. */
  poolSize: number
  bcryptCost: number
  /** Of an address of IPv6, how many bits limits count as one client. */
  limitIpv6Prefix: number
  /** Seconds for a request to arrive whole: an honest five megabytes on a slow line, and not a byte a second. */
  requestLimit: number
  /** All in seconds. */
  ttl: { access: number; refresh: number; session: number; grace: number }
  /**
   * In seconds: how long a former subdomain redirects, a deletion can be taken back, a subdomain stays nobody's
   * after its tenant is gone, and a signing key is published before it signs.
   */
  life: { redirect: number; grace: number; quarantine: number; keyLead: number }
  /** Address and port of the resolver that custom domains are proven by; undefined: the system's. */
  dnsServer: string | undefined
  logLevel: string
}

/**
 * Reads and checks the environment. Outside production a missing SECRET or PEPPER is made up once
 * and kept in DATA_DIR, so that sign-ins survive a restart.
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
      grace: value.REFRESH_GRACE,
    },
    life: {
      redirect: value.RENAME_REDIRECT,
      grace: value.DELETION_GRACE,
      quarantine: value.SUBDOMAIN_QUARANTINE,
      keyLead: value.KEY_LEAD,
    },
    dnsServer: parseDnsServer(value.DNS_SERVER),
    logLevel: value.LOG_LEVEL,
  }
}

function secretOf(name: 'SECRET' | 'PEPPER', given: string | undefined, production: boolean, dataDir: string): string {
  if (given === undefined) {
    if (production) throw new ConfigError(`${name}: is required in production; make one with: openssl rand -base64 48`)
    return keptSecret(join(dataDir, name.toLowerCase()))
  }
  if (Buffer.byteLength(given) < 32) throw new ConfigError(`${name}: must be at least 32 bytes`)
  if (production && /change.?me|example|replace.?(me|this)|secret.*secret/i.test(given))
    throw new ConfigError(`${name}: is an example; make one with: openssl rand -base64 48`)
  if (new Set(given).size < 8)
    throw new ConfigError(`${name}: is too easily guessed; make one with: openssl rand -base64 48`)
  return given
}

function keptSecret(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8')
  mkdirSync(join(file, '..'), { recursive: true })
  // Whoever comes first makes it; a link appears whole or not at all, so nobody reads half a secret.
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o600 })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  unlinkSync(draft)
  return readFileSync(file, 'utf8')
}

function parseProxies(list: string): BlockList {
  const proxies = new BlockList()
  for (const entry of list
    .split(',')
    .map(part => part.trim())
    .filter(Boolean)) {
    const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
    const family = isIP(address)
    const longest = family === 6 ? 128 : 32
    const bits = Number(prefix ?? longest)
    if (!family || bits > longest) {
      throw new ConfigError(`TRUSTED_PROXIES: "${entry}" is not an address or CIDR block`)
    }
    proxies.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4')
  }
  return proxies
}

function parseDnsServer(server: string | undefined): string | undefined {
  const [, address = '', port = '53'] = /^\[?([0-9a-f.:]+?)\]?(?::(\d{1,5}))?$/i.exec(server ?? '') ?? []
  if (server === undefined) return undefined
  if (!isIP(address) || Number(port) < 1 || Number(port) > 65_535)
    throw new ConfigError('DNS_SERVER: must be an address such as 192.0.2.53, with or without a port')
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}
