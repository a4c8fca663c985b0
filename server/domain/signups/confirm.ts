import { and, eq } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { consoleRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { withoutAbsent } from '#server/domain/lib/diff.ts'
import { enqueueMails } from '#server/domain/mail/outbox.ts'
import { mailWelcome } from '#server/domain/mail/welcome.ts'
import { hashOf } from '#server/domain/sessions/one-time-links.ts'
import { requireFreeName } from '#server/domain/tenants/names.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireFreeSubdomain } from '#server/domain/tenants/subdomains.ts'
import { invalid } from '#shared/errors.ts'
import type { SignupProgress } from '#shared/answers/signups.ts'
import { makeTenant } from './make-tenant.ts'
import { requireOpenSignup } from './request.ts'
import type { SignupRow } from './signups.ts'
import { lockSignup, signupColumns } from './signups.ts'
import { signupStateOf } from './state.ts'

/**
 * Reads the state of the sign-up that a link belongs to. The link stays valid.
 * @throws ApiError 400 on `token` if it is wrong or expired; 429
 */
export async function readSignupProgress(app: App, token: string, audit: AuditContext): Promise<SignupProgress> {
  return progressOf(app, await requireByToken(app, token, audit))
}

/**
 * Confirms a sign-up: the organisation is created, or waits for an operator. A second call only returns the state.
 * @param change another name or subdomain, if the first one is taken by now
 * @throws ApiError 400 on `token`, `name` or `subdomain`; 403 `signup_closed`; 429
 */
export async function confirmSignup(
  app: App,
  migrations: Migration[],
  token: string,
  change: { name?: string; subdomain?: string },
  audit: AuditContext,
): Promise<SignupProgress> {
  const { platform } = app.database
  const { id } = await requireByToken(app, token, audit)
  return platform.transaction(async tx => {
    const before = await lockSignup(tx, platform.tables.signups, id)
    if (before.confirmed_at) return progressOf(app, before)
    requireOpenSignup(app)
    const signup = { ...before, ...withoutAbsent(change), confirmed_at: new Date() }
    return app.config.signup === 'approval'
      ? await waitForApproval(tx, app, signup, audit)
      : await createAtOnce(tx, app, migrations, signup, audit)
  })
}

async function waitForApproval(tx: Db, app: App, signup: SignupRow, audit: AuditContext): Promise<SignupProgress> {
  const { platform } = app.database
  await requireFreeSubdomain(tx, platform, signup.subdomain)
  await requireFreeName(tx, platform, signup.name)
  await storeConfirmed(tx, app, signup, undefined, audit)
  await tellOperators(tx, app, signup)
  return progressOf(app, { ...signup, tenant: null })
}

async function createAtOnce(
  tx: Db,
  app: App,
  migrations: Migration[],
  signup: SignupRow,
  audit: AuditContext,
): Promise<SignupProgress> {
  const { tenant, admin, password_link } = await makeTenant(tx, app, migrations, signup, audit)
  // Also for who closes the page, which shows the link once.
  await mailWelcome(tx, tenantRealmOf(app, tenant), admin, 'signup_approved')
  await storeConfirmed(tx, app, signup, tenant.id, audit)
  return { ...progressOf(app, { ...signup, tenant: tenant.id }), password_link }
}

async function storeConfirmed(
  tx: Db,
  { database: { platform } }: App,
  { id, name, subdomain, confirmed_at }: SignupRow,
  tenant: string | undefined,
  audit: AuditContext,
): Promise<void> {
  const { signups } = platform.tables
  await tx.update(signups).set({ name, subdomain, confirmed_at, tenant }).where(eq(signups.id, id))
  await recordAudit(tx, platform, audit, { action: 'signup.confirmed', subject: id, details: { name, subdomain } })
}

async function requireByToken({ limits, database }: App, token: string, audit: AuditContext): Promise<SignupRow> {
  const {
    db,
    tables: { signups },
  } = database.platform
  await limits.checkLinks('site', audit.ip)
  const rows = await db
    .select(signupColumns(signups))
    .from(signups)
    .where(eq(signups.token_hash, hashOf(token)))
  if (rows[0] && signupStateOf(rows[0]) !== 'expired') return rows[0]
  await limits.countWrongLink('site', audit.ip)
  throw invalid({ token: ['This link is not one of ours, or is too old.'] })
}

function progressOf({ config }: App, signup: SignupRow): SignupProgress {
  const state = signupStateOf(signup)
  const { name, subdomain } = signup
  return {
    state,
    name,
    subdomain,
    url: state === 'made' ? config.originOf(`${subdomain}.${config.baseDomain}`) : null,
    password_link: null,
  }
}

async function tellOperators(tx: Db, { config, database }: App, { name, subdomain }: SignupRow): Promise<void> {
  const authRealm = consoleRealm({ config, database })
  const { users } = database.platform.tables
  const operators = await tx
    .select({ email: users.email })
    .from(users)
    .where(and(eq(users.role, 'Admin'), eq(users.is_active, true)))
  await enqueueMails(
    tx,
    authRealm,
    operators.map(({ email }) => ({ kind: 'signup_waiting', to: email, data: { name, subdomain } })),
  )
}
