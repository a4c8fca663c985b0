import { and, eq, gt, isNotNull, isNull, lte } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import { newId } from '#server/database/ids.ts'
import type { Db, PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { hashOf, newToken } from '#server/domain/sessions/links.ts'
import type { TokenPair } from '#server/domain/sessions/sessions.ts'
import { insertSession, mintPair } from '#server/domain/sessions/sessions.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { conflict, forbidden, invalid, notFound } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'
import { endSupportAccesses, isOpenAccess, isStillOperators } from './sessions.ts'

/** An operator signs in as a tenant's user; docs/decisions/0011-support-access.md says what that allows. */

/** Seconds: until the link is opened, and from then until the session ends. */
const linkLife = 60
const sessionLife = 30 * 60

export interface SupportRequest {
  user: string
  reason: string
  is_read_only: boolean
}

/**
 * Notes the access, for which a link is good once and for a minute.
 * @throws ApiError 403 `support_refused` where the tenant does not allow it, 404, 409 while it is suspended, 400 on
 * `user`
 */
export async function requestSupportAccess(
  app: App,
  tenantId: string,
  request: SupportRequest,
  operator: { id: string; email: string },
  origin: Origin,
) {
  const tenant = await requireTenant(app, { id: tenantId })
  if (tenant.status !== 'active') throw conflict('The organisation is not active.', 'tenant_inactive')
  const authRealm = tenantRealmOf(app, tenant)
  await requireAllowed(authRealm.realm.db, authRealm.realm)
  if (!(await findActive(authRealm.realm.db, authRealm.realm, request.user)))
    throw invalid({ user: [noSuchObject(request.user)] })
  const { platform } = app.database
  const token = newToken()
  const now = new Date()
  const access = { id: newId(), created: now, expires_at: after(now, linkLife) }
  await platform.transaction(async tx => {
    await tx.insert(platform.tables.support_accesses).values({
      ...access,
      tenant: tenant.id,
      user_id: request.user,
      operator: operator.id,
      operator_email: operator.email,
      reason: request.reason,
      is_read_only: request.is_read_only,
      token_hash: hashOf(token),
    })
    await recordAudit(tx, platform, origin, {
      action: 'support.requested',
      subject: tenant.id,
      details: { access: access.id, user: request.user, reason: request.reason, is_read_only: request.is_read_only },
    })
  })
  return { id: access.id, url: `${authRealm.origin}/support/${token}`, expires_at: access.expires_at }
}

/**
 * Opens the session of an access, by its link, on the tenant's own host. Of two at once, one succeeds.
 * @throws ApiError 400 on `token`, 403 `support_refused`, 429
 */
export async function openSupportSession(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  token: string,
  origin: Origin,
  userAgent: string | null,
): Promise<TokenPair> {
  const { realm } = authRealm
  await app.limits.checkLinks(realm.schema, origin.ip)
  const session = await authRealm.realm.transaction(async tx => {
    await requireAllowed(tx, realm)
    const access = await takeAccess(tx, app.database.platform, authRealm.id, token)
    if (!access || !(await findActive(tx, realm, access.user_id))) return undefined
    const session = await insertSession(
      tx,
      app,
      realm,
      access.user_id,
      { ip: origin.ip, user_agent: userAgent },
      access,
    )
    await recordOpening(tx, app, authRealm, access, origin)
    return session
  })
  if (session) return mintPair(app, authRealm, session)
  await app.limits.countWrongLink(realm.schema, origin.ip)
  throw invalid({ token: ['This link has been used or is too old.'] })
}

/**
 * Ends an access, opened or not, and its session with it.
 * @throws ApiError 404 when there is none, or it has ended
 */
export async function endSupportAccess(app: App, id: string, operator: string, origin: Origin): Promise<void> {
  const {
    db,
    tables: { support_accesses: accesses },
  } = app.database.platform
  const rows = await db
    .select({ id: accesses.id, tenant: accesses.tenant })
    .from(accesses)
    .where(and(eq(accesses.id, id), isOpenAccess()))
  if (!rows[0]) throw notFound()
  if (!(await takeLinkBack(app, id, { ...origin, actor: operator })))
    await endOne(app, rows[0], { ...origin, actor: null }, 'revoked', operator)
}

/** @returns whether it had not been opened: that concerns the operators alone */
async function takeLinkBack({ database: { platform } }: App, id: string, origin: Origin): Promise<boolean> {
  const { support_accesses: accesses } = platform.tables
  return platform.transaction(async tx => {
    const rows = await tx
      .update(accesses)
      .set({ ended_at: new Date() })
      .where(and(eq(accesses.id, id), isNull(accesses.opened_at), isNull(accesses.ended_at)))
      .returning({ tenant: accesses.tenant, user: accesses.user_id, operator: accesses.operator_email })
    if (!rows[0]) return false
    const { tenant, ...details } = rows[0]
    await recordAudit(tx, platform, origin, {
      action: 'support.ended',
      subject: tenant,
      details: { access: id, ...details, reason: 'revoked' },
    })
    return true
  })
}

/** Notes the end of those whose time is up; they have been of no use since. */
export async function closeExpiredAccesses(app: App): Promise<void> {
  const {
    db,
    tables: { support_accesses: accesses },
  } = app.database.platform
  const rows = await db
    .select({ id: accesses.id, tenant: accesses.tenant })
    .from(accesses)
    .where(and(isNotNull(accesses.opened_at), isNull(accesses.ended_at), lte(accesses.expires_at, new Date())))
  for (const access of rows) {
    // A schema that is broken does not keep the others' from being noted.
    await endOne(app, access, fromSystem, 'expired', null).catch((error: unknown) =>
      app.log.warn({
        event: 'support_access_close_failed',
        tenant: access.tenant,
        access: access.id,
        reason: reasonOf(error),
      }),
    )
  }
}

async function endOne(
  app: App,
  { id, tenant }: { id: string; tenant: string },
  origin: Origin,
  reason: string,
  operator: string | null,
): Promise<void> {
  const { realm } = tenantRealmOf(app, await requireTenant(app, { id: tenant }))
  await realm.transaction(tx => endSupportAccesses(tx, realm, [id], origin, reason, operator))
}

async function requireAllowed(db: Db, { tables: { settings } }: TenantRealm): Promise<void> {
  const rows = await db.select({ allows_support: settings.allows_support }).from(settings)
  if (!rows[0]?.allows_support) throw forbidden('This organisation does not allow support access.', 'support_refused')
}

async function findActive(db: Db, { tables: { users } }: TenantRealm, id: string) {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, id), eq(users.is_active, true)))
  return rows[0]
}

async function takeAccess(
  tx: Db,
  { tables: { support_accesses: accesses } }: PlatformRealm,
  tenant: string,
  token: string,
) {
  const now = new Date()
  const rows = await tx
    .update(accesses)
    .set({ opened_at: now, expires_at: after(now, sessionLife) })
    .where(
      and(
        eq(accesses.token_hash, hashOf(token)),
        eq(accesses.tenant, tenant),
        isNull(accesses.opened_at),
        isNull(accesses.ended_at),
        gt(accesses.expires_at, now),
        isStillOperators(),
      ),
    )
    .returning({
      id: accesses.id,
      user_id: accesses.user_id,
      operator: accesses.operator,
      operator_email: accesses.operator_email,
      reason: accesses.reason,
      is_read_only: accesses.is_read_only,
      expires_at: accesses.expires_at,
    })
  return rows[0]
}

async function recordOpening(
  tx: Db,
  { database: { platform } }: App,
  { id: tenant, realm }: AuthRealm<TenantRealm>,
  access: NonNullable<Awaited<ReturnType<typeof takeAccess>>>,
  origin: Origin,
): Promise<void> {
  const { id, user_id: user, operator, operator_email, reason, is_read_only, expires_at } = access
  const details = { access: id, operator: operator_email, user, reason, is_read_only, until: expires_at.toISOString() }
  await recordAudit(tx, realm, origin, { action: 'support.opened', subject: user, details })
  await recordAudit(
    tx,
    platform,
    { ...origin, actor: operator },
    { action: 'support.opened', subject: tenant, details },
  )
}

function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000)
}
