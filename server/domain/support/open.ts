import type { SQL } from 'drizzle-orm'
import { and, eq, gt, isNull } from 'drizzle-orm'
import type { Db, PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { hashOf } from '#server/domain/sessions/one-time-links.ts'
import type { TokenPair } from '#server/domain/sessions/open.ts'
import { insertSession, mintPair } from '#server/domain/sessions/open.ts'
import type { LiveSession } from '#server/domain/sessions/tokens/tokens.ts'
import { invalid } from '#shared/errors.ts'
import { after, findActiveUser, requireSupportAllowed } from './conditions.ts'
import { isStillOperators } from './sessions.ts'

/** In seconds. */
const sessionLife = 30 * 60

/**
 * Opens the session of an access by its link, on the tenant's host. The link works once, also for two requests at the
 * same time.
 * @throws ApiError 400 on `token`, 403 `support_refused`, 429
 */
export async function openSupportSession(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  token: string,
  audit: AuditContext,
  userAgent: string | null,
): Promise<TokenPair> {
  const { realm } = authRealm
  await app.limits.checkLinks(realm.schema, audit.ip)
  const session = await realm.transaction(tx => tryOpen(tx, app, authRealm, token, audit, userAgent))
  if (session) return mintPair(app, authRealm, session)
  await app.limits.countWrongLink(realm.schema, audit.ip)
  throw invalid({ token: ['This link has been used or is too old.'] })
}

async function tryOpen(
  tx: Db,
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  token: string,
  audit: AuditContext,
  userAgent: string | null,
): Promise<LiveSession | undefined> {
  const { realm } = authRealm
  await requireSupportAllowed(tx, realm)
  const access = await takeAccess(tx, app.database.platform, authRealm.id, token)
  if (!access || !(await findActiveUser(tx, realm, access.user_id))) return undefined
  const session = await insertSession(
    tx,
    app,
    realm,
    access.user_id,
    { ip: audit.ip, user_agent: userAgent, amr: [] },
    access,
  )
  await recordOpening(tx, app, authRealm, access, audit)
  return session
}

async function takeAccess(
  tx: Db,
  { tables: { support_accesses: accesses } }: PlatformRealm,
  tenant: string,
  token: string,
) {
  const now = new Date()
  const { id, user_id, user_email, operator, operator_email, reason, is_read_only, expires_at } = accesses
  const rows = await tx
    .update(accesses)
    .set({ opened_at: now, expires_at: after(now, sessionLife) })
    .where(isOpenable(accesses, tenant, token, now))
    .returning({ id, user_id, user_email, operator, operator_email, reason, is_read_only, expires_at })
  return rows[0]
}

function isOpenable(
  accesses: PlatformRealm['tables']['support_accesses'],
  tenant: string,
  token: string,
  now: Date,
): SQL | undefined {
  return and(
    eq(accesses.token_hash, hashOf(token)),
    eq(accesses.tenant, tenant),
    isNull(accesses.opened_at),
    isNull(accesses.ended_at),
    gt(accesses.expires_at, now),
    isStillOperators(),
  )
}

async function recordOpening(
  tx: Db,
  { database: { platform } }: App,
  { id: tenant, realm }: AuthRealm<TenantRealm>,
  access: NonNullable<Awaited<ReturnType<typeof takeAccess>>>,
  audit: AuditContext,
): Promise<void> {
  const { id, user_id, user_email, operator, operator_email, reason, is_read_only, expires_at } = access
  const detailsFor = (user: string) => ({
    access: id,
    operator: operator_email,
    user,
    reason,
    is_read_only,
    until: expires_at.toISOString(),
  })
  const action = 'support.opened'
  await recordAudit(tx, realm, audit, { action, subject: user_id, details: detailsFor(user_id) })
  // The console cannot look up the name of a tenant's user.
  const details = detailsFor(user_email ?? user_id)
  await recordAudit(tx, platform, { ...audit, actor: operator }, { action, subject: tenant, details })
}
