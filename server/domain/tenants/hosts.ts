import { isIP } from 'node:net'
import type { SQL } from 'drizzle-orm'
import { eq, or, sql } from 'drizzle-orm'
import type { Config } from '#server/config.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { Database, PlatformRealm } from '#server/database/realms.ts'
import type { TenantIdentity } from '#server/domain/auth-realm.ts'
import { lacksAny } from '#server/domain/migrations/status.ts'
import { ApiError } from '#shared/errors.ts'
import { identityColumns, tenantOrigin } from './origins.ts'
import type { TenantStanding } from './lifecycle/standing.ts'
import { standingOf } from './lifecycle/standing.ts'

export type HostMatch =
  | { surface: 'site' | 'console'; origin: string }
  | {
      surface: 'portal'
      /** The tenant's canonical origin, which may have another host. */
      origin: string
      tenant: TenantIdentity & { standing: TenantStanding }
      /** Whether this is a former host of the tenant, which redirects to `origin`. */
      is_former: boolean
      /** Whether its schema lacks migrations, so that this program cannot read it. */
      is_behind: boolean
    }

export interface HostDirectory {
  /** @returns the match, or undefined for an unknown host */
  find(host: string): Promise<HostMatch | undefined>
  /** Forgets one tenant by its id, or everything. */
  forget(tenantId?: string): void
}

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Parses a Host header strictly, RFC 9110, 7.2: one name of letters, digits, hyphens and dots, and a valid port.
 * @returns the name in lower case, without the port
 * @throws ApiError 400
 */
export function parseHost(header: string | undefined): string {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]{1,253})(?::(\d{1,5}))?$/i.exec(header ?? '')
  const host = match?.[1]?.toLowerCase()
  const port = match?.[2]
  if (!host || !isName(host) || (port !== undefined && !isPort(Number(port)))) throw malformedHost()
  return host
}

/** The answer to a missing, duplicate or malformed Host header; it does not repeat the header. */
export function malformedHost(): ApiError {
  return new ApiError(400, { detail: 'The Host header is not valid.' })
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}

function isName(host: string): boolean {
  return host.startsWith('[') ? isIP(host.slice(1, -1)) === 6 : host.split('.').every(part => label.test(part))
}

export interface HostDirectoryOptions {
  /** All that a tenant's schema needs. */
  migrations: Migration[]
  /** Called with the subdomain when a tenant is looked up whose schema lacks some. */
  onBehind?: (subdomain: string) => void
  /** Milliseconds for which a match is cached while notifications arrive. */
  life?: number
  /** The same while they do not arrive. */
  lifeUnannounced?: number
  isAnnounced: () => boolean
}

// Unknown hosts, and tenants that are behind, are cached too briefly to be noticed, and too few to fill the memory.
const briefLife = 500
const entriesLimit = 10_000

interface Directory {
  config: Config
  database: Database
  options: HostDirectoryOptions
  entries: Map<string, Entry>
}

interface Entry {
  match: Promise<HostMatch | undefined>
  loaded: number
  /** Whether it may be cached for longer: it is of a tenant that can be served. */
  isSettled: boolean
  tenantId: string | undefined
}

export function createHostDirectory(config: Config, database: Database, options: HostDirectoryOptions): HostDirectory {
  const directory: Directory = { config, database, options, entries: new Map() }
  return {
    find: host => find(directory, host),
    forget: tenantId => forget(directory, tenantId),
  }
}

function find(directory: Directory, host: string): Promise<HostMatch | undefined> {
  const { entries, options } = directory
  const entry = entries.get(host)
  if (entry && performance.now() - entry.loaded < lifeOf(entry, options)) return entry.match
  const match = lookUp(directory, host)
  entries.delete(host)
  if (entries.size >= entriesLimit) entries.delete(entries.keys().next().value!)
  remember(directory, host, match)
  return match
}

function lifeOf(
  { isSettled }: Entry,
  { life = 30_000, lifeUnannounced = 500, isAnnounced }: HostDirectoryOptions,
): number {
  if (!isSettled) return briefLife
  return isAnnounced() ? life : lifeUnannounced
}

function remember({ entries }: Directory, host: string, match: Entry['match']): void {
  const entry: Entry = { match, loaded: performance.now(), isSettled: true, tenantId: undefined }
  entries.set(host, entry)
  match.then(
    found => {
      const portal = found?.surface === 'portal' ? found : undefined
      entry.isSettled = found !== undefined && !portal?.is_behind
      entry.tenantId = portal?.tenant.id
    },
    () => entries.delete(host),
  )
}

function forget({ entries }: Directory, tenantId?: string): void {
  if (tenantId === undefined) return entries.clear()
  for (const [host, entry] of entries)
    if (!entry.isSettled || entry.tenantId === undefined || entry.tenantId === tenantId) entries.delete(host)
}

async function lookUp(directory: Directory, host: string): Promise<HostMatch | undefined> {
  const { config, options } = directory
  const { baseDomain, originOf } = config
  if (host === baseDomain || host === `www.${baseDomain}`) return { surface: 'site', origin: originOf(baseDomain) }
  if (host === `console.${baseDomain}`) return { surface: 'console', origin: originOf(host) }
  const subdomain = host.endsWith(`.${baseDomain}`) ? host.slice(0, -baseDomain.length - 1) : undefined
  if (subdomain !== undefined && !label.test(subdomain)) return undefined
  const row = await readTenant(directory, host, subdomain)
  if (!row) return undefined
  if (row.is_behind) options.onBehind?.(row.subdomain)
  const origin = tenantOrigin(config, row)
  return {
    surface: 'portal',
    origin,
    tenant: { id: row.id, name: row.name, schema: row.schema, origin, standing: standingOf(row) },
    is_former: subdomain !== undefined && subdomain !== row.subdomain,
    is_behind: row.is_behind,
  }
}

async function readTenant({ database: { platform }, options }: Directory, host: string, subdomain: string | undefined) {
  const { tenants, schema_versions: versions } = platform.tables
  const rows = await platform.db
    .select({
      ...identityColumns(tenants),
      status: tenants.status,
      maintenance_since: tenants.maintenance_since,
      is_behind: lacksAny(platform.tables, options.migrations),
    })
    .from(tenants)
    .leftJoin(versions, eq(versions.schema, tenants.schema))
    .where(subdomain === undefined ? hasDomain(platform, host) : hasSubdomain(platform, subdomain))
    // Of a subdomain that is one's and was another's, whoever has it now.
    .orderBy(sql`${tenants.subdomain} = ${subdomain ?? ''} desc`)
    .limit(1)
  return rows[0]
}

function hasDomain({ tables: { tenants, domains } }: PlatformRealm, host: string): SQL {
  return sql`${tenants.id} = (select ${domains.tenant} from ${domains} where ${domains.host} = ${host} and ${domains.verified_at} is not null)`
}

function hasSubdomain(
  { tables: { tenants, former_subdomains: former } }: PlatformRealm,
  subdomain: string,
): SQL | undefined {
  return or(
    eq(tenants.subdomain, subdomain),
    sql`${tenants.id} = (select ${former.tenant} from ${former} where ${former.subdomain} = ${subdomain} and ${former.redirects_until} > now())`,
  )
}
