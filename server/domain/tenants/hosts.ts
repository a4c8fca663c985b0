import { isIP } from 'node:net'
import { eq, or, sql } from 'drizzle-orm'
import type { Config } from '#server/config.ts'
import type { Database } from '#server/database/realms.ts'
import type { TenantIdentity } from '#server/domain/auth-realm.ts'
import { ApiError } from '#shared/errors.ts'
import { identityColumns, tenantOrigin } from './origins.ts'
import type { TenantStanding } from './status.ts'
import { standingOf } from './status.ts'

export type HostMatch =
  | { surface: 'site' | 'console'; origin: string }
  | {
      surface: 'portal'
      /** The tenant's canonical origin, which may have another host. */
      origin: string
      tenant: TenantIdentity & { standing: TenantStanding }
      /** Whether this is a former host of the tenant, which redirects to `origin`. */
      is_former: boolean
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
  /** Milliseconds for which a match is cached while notifications arrive. */
  life?: number
  /** The same while they do not arrive. */
  lifeUnannounced?: number
  isAnnounced: () => boolean
}

// Unknown hosts are cached too briefly to be noticed, and too few to fill the memory.
const unknownLife = 500
const entriesLimit = 10_000

export function createHostDirectory(config: Config, database: Database, options: HostDirectoryOptions): HostDirectory {
  const { life = 30_000, lifeUnannounced = 500, isAnnounced } = options
  const entries = new Map<
    string,
    { match: Promise<HostMatch | undefined>; loaded: number; known: boolean; tenantId?: string }
  >()

  return { find, forget }

  function find(host: string): Promise<HostMatch | undefined> {
    const entry = entries.get(host)
    const knownLife = isAnnounced() ? life : lifeUnannounced
    const limit = entry?.known ? knownLife : unknownLife
    if (entry && Date.now() - entry.loaded < limit) return entry.match
    const match = lookUp(host)
    const fresh = { match, loaded: Date.now(), known: true, tenantId: undefined as string | undefined }
    entries.delete(host)
    if (entries.size >= entriesLimit) entries.delete(entries.keys().next().value!)
    entries.set(host, fresh)
    match.then(
      found => {
        fresh.known = found !== undefined
        fresh.tenantId = found?.surface === 'portal' ? found.tenant.id : undefined
      },
      () => entries.delete(host),
    )
    return match
  }

  function forget(tenantId?: string): void {
    if (tenantId === undefined) return entries.clear()
    for (const [host, entry] of entries)
      if (!entry.known || entry.tenantId === undefined || entry.tenantId === tenantId) entries.delete(host)
  }

  async function lookUp(host: string): Promise<HostMatch | undefined> {
    const { baseDomain, originOf } = config
    if (host === baseDomain || host === `www.${baseDomain}`) return { surface: 'site', origin: originOf(baseDomain) }
    if (host === `console.${baseDomain}`) return { surface: 'console', origin: originOf(host) }
    const subdomain = host.endsWith(`.${baseDomain}`) ? host.slice(0, -baseDomain.length - 1) : undefined
    if (subdomain !== undefined && !label.test(subdomain)) return undefined
    const row = await readTenant(host, subdomain)
    if (!row) return undefined
    const origin = tenantOrigin(config, row)
    return {
      surface: 'portal',
      origin,
      tenant: { id: row.id, name: row.name, schema: row.schema, origin, standing: standingOf(row) },
      is_former: subdomain !== undefined && subdomain !== row.subdomain,
    }
  }

  async function readTenant(host: string, subdomain: string | undefined) {
    const {
      db,
      tables: { tenants, domains, former_subdomains: former },
    } = database.platform
    const rows = await db
      .select({ ...identityColumns(tenants), status: tenants.status, maintenance_since: tenants.maintenance_since })
      .from(tenants)
      .where(
        subdomain === undefined
          ? sql`${tenants.id} = (select ${domains.tenant} from ${domains} where ${domains.host} = ${host} and ${domains.verified_at} is not null)`
          : or(
              eq(tenants.subdomain, subdomain),
              sql`${tenants.id} = (select ${former.tenant} from ${former} where ${former.subdomain} = ${subdomain} and ${former.redirects_until} > now())`,
            ),
      )
      // If a subdomain belongs to one tenant and is a former one of another, the owner has priority.
      .orderBy(sql`${tenants.subdomain} = ${subdomain ?? ''} desc`)
      .limit(1)
    return rows[0]
  }
}
