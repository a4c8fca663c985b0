import { and, eq, gt, isNotNull } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'

/**
 * The origins that may use the realm's passkeys, for browsers (WebAuthn, 5.11): all hosts of an organisation, also
 * former ones that still redirect.
 */
export async function relatedOrigins({ config, database }: App, { kind, id, origin }: AuthRealm): Promise<string[]> {
  if (kind === 'platform') return [origin]
  const { tenants, former_subdomains: former, domains } = database.platform.tables
  const { db } = database.platform
  const [current, past, custom] = await Promise.all([
    db.select({ subdomain: tenants.subdomain }).from(tenants).where(eq(tenants.id, id)),
    db
      .select({ subdomain: former.subdomain })
      .from(former)
      .where(and(eq(former.tenant, id), gt(former.redirects_until, new Date()))),
    db
      .select({ host: domains.host })
      .from(domains)
      .where(and(eq(domains.tenant, id), isNotNull(domains.verified_at))),
  ])
  const hosts = [...current, ...past].map(({ subdomain }) => `${subdomain}.${config.baseDomain}`)
  const origins = [...hosts, ...custom.map(({ host }) => host)].map(host => config.originOf(host))
  return [...new Set([origin, ...origins])]
}

/** How many passkeys a realm's users have: they depend on its host. */
export function countPasskeys({ db, tables: { factors } }: Realm): Promise<number> {
  return db.$count(factors, eq(factors.kind, 'passkey'))
}
