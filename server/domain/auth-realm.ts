import type { Config } from '#server/config.ts'
import type { Database, Db, PlatformRealm, Realm, TenantRealm } from '#server/database/realms.ts'
import type { Claim } from './idempotency/claim.ts'

/** A realm as tokens and rules use it: its users sign in here, and its tokens are bound to it. */
export interface AuthRealm<R extends Realm = Realm> {
  kind: 'tenant' | 'platform'
  /** The tenant's id, or `platform`: the audience of every token. */
  id: string
  /** Canonical origin: the issuer of every token, and the base of every link. */
  origin: string
  name: string
  realm: R
  /**
   * Within a request: throws unless its caller may still act. Every transaction begins and ends with it, as the caller
   * may lose the right while the transaction waits for a lock. A transaction that itself ends the caller's right, for
   * example by deleting the caller, calls it after its locks and before the change, with `isLast`.
   */
  recheck?: Recheck['now']
}

/** The check of one request's caller. */
export interface Recheck {
  /**
   * @param options.isLast whether to omit the check at the end of the transaction
   * @throws ApiError when the caller may no longer act
   */
  now: (tx: Db, options?: { isLast?: boolean }) => Promise<void>
  /** The same at the end of a transaction. Does nothing if no caller is signed in. */
  atEnd: (tx: Db) => Promise<void>
}

export interface TenantIdentity {
  id: string
  name: string
  schema: string
  origin: string
}

export function tenantAuthRealm(database: Database, tenant: TenantIdentity): AuthRealm<TenantRealm> {
  return {
    kind: 'tenant',
    id: tenant.id,
    origin: tenant.origin,
    name: tenant.name,
    realm: database.tenant(tenant.schema),
  }
}

/** What happens in each transaction of one request, besides its work. */
export interface Guard {
  recheck: Recheck
  claim: Claim
}

/** @returns the same realm for one request, with `guard` at the beginning and end of each transaction */
export function guardAuthRealm<R extends Realm>(authRealm: AuthRealm<R>, guard: Guard): AuthRealm<R> {
  return { ...authRealm, recheck: guard.recheck.now, realm: guardRealm(authRealm.realm, guard) }
}

/** @returns the same authRealm for one request; see `guardAuthRealm` */
export function guardDatabase(database: Database, guard: Guard): Database {
  return {
    ...database,
    platform: guardRealm(database.platform, guard),
    tenant: schema => guardRealm(database.tenant(schema), guard),
  }
}

function guardRealm<R extends Realm>(realm: R, { recheck, claim }: Guard): R {
  return {
    ...realm,
    async transaction(work) {
      const result = await realm.transaction(async tx => {
        await recheck.now(tx)
        await claim.begin(tx)
        const done = await work(tx)
        await recheck.atEnd(tx)
        return done
      })
      claim.commit()
      return result
    },
  }
}

/** The console's realm, at its own origin. */
export function consoleRealm({ config, database }: { config: Config; database: Database }): AuthRealm<PlatformRealm> {
  return platformAuthRealm(database, config.originOf(`console.${config.baseDomain}`))
}

/** The console's realm, at a given origin. */
export function platformAuthRealm(database: Database, origin: string): AuthRealm<PlatformRealm> {
  return { kind: 'platform', id: 'platform', origin, name: 'Tenantry', realm: database.platform }
}
