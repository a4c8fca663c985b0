import { isNull, lt, sql } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { recordInTenant } from '#server/domain/audit/tenant-audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { wrongState } from '#server/domain/tenants/lifecycle/transitions.ts'
import type { Unsent } from '#shared/answers/fields.ts'
import type { KeyState, signingKeyAnswer } from '#shared/answers/keys.ts'
import { keyOverlap, newSigningKey } from './ring.ts'

/** A realm whose key is rotated: a tenant's, or the console's own. */
export type KeyOwner = { kind: 'tenant'; id: string; schema: string } | { kind: 'platform' }

/**
 * Creates a key that replaces the current one. It is published at once, and signs some time later, when every process
 * knows it. The former key verifies tokens until its last one has expired. Nobody is signed out.
 * @throws ApiError 409 while a new key is pending
 */
export async function rotateKey(
  app: App,
  owner: KeyOwner,
  audit: AuditContext,
): Promise<{ kid: string; signs_from: Date }> {
  const realm = realmOf(app, owner)
  const { signing_keys: keys } = realm.tables
  const now = new Date()
  const signs_from = new Date(now.getTime() + app.config.life.keyLead * 1000)
  const next = await newSigningKey(realm.schema, app.config.secret, now, signs_from)
  await realm.transaction(async tx => {
    await retireCurrent(tx, realm, now, signs_from)
    await tx.insert(keys).values(next)
    await recordRotation(tx, app, owner, audit, { kid: next.kid, signs_from })
  })
  app.keys.forget(realm.schema)
  return { kid: next.kid, signs_from }
}

async function retireCurrent(tx: Db, { tables: { signing_keys: keys } }: Realm, now: Date, at: Date): Promise<void> {
  const isCurrent = isNull(keys.retired_at)
  const rows = await tx.select({ activated_at: keys.activated_at }).from(keys).where(isCurrent).for('update')
  if (rows[0]?.activated_at && rows[0].activated_at > now) throw wrongState('A new key is on its way already.')
  await tx.update(keys).set({ retired_at: at }).where(isCurrent)
}

async function recordRotation(
  tx: Db,
  app: App,
  owner: KeyOwner,
  audit: AuditContext,
  details: { kid: string; signs_from: Date },
): Promise<void> {
  const subject = owner.kind === 'tenant' ? owner.id : undefined
  await recordAudit(tx, app.database.platform, audit, { action: 'tenant.key_rotated', subject, details })
  if (owner.kind === 'tenant')
    await recordInTenant(tx, app, owner, { action: 'organization.key_rotated', subject, details })
}

/** A realm's keys, newest first, each with the number of sessions that still hold one of its tokens. */
export async function readKeys(app: App, owner: KeyOwner): Promise<Unsent<typeof signingKeyAnswer>[]> {
  const { db, tables } = realmOf(app, owner)
  const { signing_keys: keys, sessions } = tables
  const { ttl } = app.config
  const rows = await db.execute<KeyRow>(sql`
    select k.kid, k.created, k.activated_at, k.retired_at, count(s.id)::int as sessions
    from ${keys} k left join ${sessions} s on s.revoked_at is null and s.expires_at > now() and s.rotated_at > now() - make_interval(secs => ${ttl.refresh})
      and s.rotated_at >= k.activated_at and (k.retired_at is null or s.rotated_at < k.retired_at)
    where k.activated_at is not null group by k.kid order by k.activated_at desc`)
  return rows.map(row => presentKey(row, keyOverlap(ttl)))
}

interface KeyRow extends Record<string, unknown> {
  kid: string
  created: string
  activated_at: string
  retired_at: string | null
  sessions: number
}

/** @param overlap seconds, as of `keyOverlap` */
function presentKey({ kid, sessions, ...row }: KeyRow, overlap: number) {
  const activated_at = new Date(row.activated_at)
  const retired_at = row.retired_at === null ? null : new Date(row.retired_at)
  return {
    kid,
    state: stateAt(new Date(), activated_at, retired_at),
    created: new Date(row.created),
    activated_at,
    retired_at,
    expires_at: retired_at && new Date(retired_at.getTime() + overlap * 1000),
    sessions,
  }
}

/**
 * A summary of a realm's keys: since when the current one signs, when the next one will, and how many sessions hold a
 * token of a former one.
 */
export interface KeySummary {
  current: string
  since: Date
  next_from: Date | null
  draining: number
}

/** @returns null if the schema cannot be read */
export async function summarizeKeys(app: App, owner: KeyOwner): Promise<KeySummary | null> {
  const keys = await readKeys(app, owner).catch(() => [])
  const current = keys.find(({ state }) => state === 'current')
  const draining = keys.filter(({ state }) => state === 'previous').reduce((sum, { sessions }) => sum + sessions, 0)
  return current
    ? {
        current: current.kid,
        since: current.activated_at,
        next_from: keys.find(({ state }) => state === 'next')?.activated_at ?? null,
        draining,
      }
    : null
}

/** Deletes the keys whose last token has expired. @returns how many */
export async function deleteRetiredKeys(app: App): Promise<number> {
  const over = new Date(Date.now() - keyOverlap(app.config.ttl) * 1000)
  let dropped = 0
  // A schema that is broken is for `tenantry doctor` to tell of, and must not keep the others waiting.
  for (const owner of await listKeyOwners(app)) dropped += await dropRetired(realmOf(app, owner), over).catch(() => 0)
  return dropped
}

async function dropRetired({ db, tables: { signing_keys: keys } }: Realm, over: Date): Promise<number> {
  const rows = await db.delete(keys).where(lt(keys.retired_at, over)).returning({ kid: keys.kid })
  return rows.length
}

/** All realms with keys: every tenant that is not being purged, and the console. */
export async function listKeyOwners({ database: { platform } }: App): Promise<(KeyOwner & { subdomain: string })[]> {
  const { tenants } = platform.tables
  const rows = await platform.db
    .select({ id: tenants.id, schema: tenants.schema, subdomain: tenants.subdomain })
    .from(tenants)
    .where(sql`${tenants.status} <> 'purging'`)
    .orderBy(tenants.subdomain)
  return [{ kind: 'platform', subdomain: 'console' }, ...rows.map(row => ({ kind: 'tenant' as const, ...row }))]
}

/** The realm whose keys they are. */
export function realmOf({ database }: App, owner: KeyOwner): Realm {
  return owner.kind === 'platform' ? database.platform : database.tenant(owner.schema)
}

function stateAt(now: Date, activated_at: Date, retired_at: Date | null): KeyState {
  if (activated_at > now) return 'next'
  return retired_at === null || retired_at > now ? 'current' : 'previous'
}
