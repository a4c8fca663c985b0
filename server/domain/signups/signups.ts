import type { SQL } from 'drizzle-orm'
import { and, eq, gt, isNotNull, isNull, lt, sql } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { platformAuthRealm } from '#server/domain/auth-realm.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { withoutAbsent } from '#server/domain/lib/diff.ts'
import { enqueueMails, enqueueSiteMail } from '#server/domain/mail/outbox.ts'
import { hashOf, newToken } from '#server/domain/sessions/links.ts'
import { requireFreeSubdomain } from '#server/domain/tenants/subdomains.ts'
import type { CreatedTenant } from '#server/domain/tenants/tenants.ts'
import { createTenantIn, requireFreeName } from '#server/domain/tenants/tenants.ts'
import type { Language } from '#shared/dates.ts'
import { forbidden, invalid, notFound } from '#shared/errors.ts'
import type { SignupProgress, SignupState } from '#shared/types/signups.ts'
import { signupLife } from './links.ts'

export interface NewSignup {
  name: string
  subdomain: string
  email: string
  language: Language
}

export interface SignupRow extends NewSignup {
  id: string
  created: Date
  expires_at: Date
  confirmed_at: Date | null
  approved_at: Date | null
  refused_at: Date | null
  decided_by: string | null
  tenant: string | null
}

export const signupStates = ['unconfirmed', 'expired', 'waiting', 'made', 'refused'] as const satisfies SignupState[]

type Signups = App['database']['platform']['tables']['signups']

/**
 * Notes that someone wants an organisation, and sends a mail by which she confirms it. Whether there was a mail nobody
 * is told: too many to one mailbox are not sent.
 * @throws ApiError 400 on `name` or `subdomain` where it is taken; 403 `signup_closed`; 429
 */
export async function requestSignup(app: App, input: NewSignup, origin: Origin): Promise<void> {
  const { platform } = app.database
  requireOpen(app)
  await app.limits.countSignup(origin.ip)
  await platform.transaction(async tx => {
    await requireFreeSubdomain(tx, platform, input.subdomain)
    await requireFreeName(tx, platform, input.name)
  })
  if (!(await app.limits.admitMail('site', input.email)) || !(await app.limits.admitStranger(input.email))) return
  const now = Date.now()
  await platform.transaction(async tx => {
    const id = newId()
    // Until the mail is sent, no token confirms it.
    await tx.insert(platform.tables.signups).values({
      ...input,
      id,
      token_hash: hashOf(newToken()),
      created: new Date(now),
      expires_at: new Date(now + signupLife * 1000),
    })
    await enqueueSiteMail(tx, {
      kind: 'signup_confirm',
      to: input.email,
      data: { signup: id, language: input.language },
    })
  })
}

/**
 * Says how the sign-up behind a link stands; uses nothing up.
 * @throws ApiError 400 on `token` where it is none, or too old; 429
 */
export async function readSignupProgress(app: App, token: string, origin: Origin): Promise<SignupProgress> {
  return progressOf(app, await requireByToken(app, token, origin))
}

/**
 * Confirms a sign-up: the organisation is made, or waits for an operator. Once done it stays done, and says so again.
 * @param change another name or subdomain, where somebody else was first
 * @throws ApiError 400 on `token`, `name` or `subdomain`; 403 `signup_closed`; 429
 */
export async function confirmSignup(
  app: App,
  migrations: Migration[],
  token: string,
  change: { name?: string; subdomain?: string },
  origin: Origin,
): Promise<SignupProgress> {
  const { platform } = app.database
  const { signups } = platform.tables
  const { id } = await requireByToken(app, token, origin)
  return platform.transaction(async tx => {
    const before = await lockSignup(tx, signups, id)
    if (before.confirmed_at) return progressOf(app, before)
    requireOpen(app)
    const signup = { ...before, ...withoutAbsent(change), confirmed_at: new Date() }
    const { name, subdomain, confirmed_at } = signup
    const waits = app.config.signup === 'approval'
    if (waits) {
      await requireFreeSubdomain(tx, platform, subdomain)
      await requireFreeName(tx, platform, name)
    }
    const created = waits ? undefined : await makeTenant(tx, app, migrations, signup, origin)
    await tx
      .update(signups)
      .set({ name, subdomain, confirmed_at, tenant: created?.tenant.id })
      .where(eq(signups.id, id))
    await recordAudit(tx, platform, origin, { action: 'signup.confirmed', subject: id, details: { name, subdomain } })
    if (waits) await tellOperators(tx, app, signup)
    return {
      ...progressOf(app, { ...signup, tenant: created?.tenant.id ?? null }),
      password_link: created?.password_link ?? null,
    }
  })
}

/** Makes the tenant that was signed up for, in the transaction that says so of the sign-up. */
export function makeTenant(
  tx: Db,
  app: App,
  migrations: Migration[],
  signup: SignupRow,
  origin: Origin,
): Promise<CreatedTenant> {
  const { id, name, subdomain, email, language } = signup
  return createTenantIn(
    tx,
    app,
    migrations,
    {
      name,
      subdomain,
      language,
      business_email: email,
      business_phone_number: '',
      admin_email: email,
      admin_password: null,
    },
    origin,
    id,
  )
}

/**
 * Locks a sign-up until the transaction ends, so that two at once do not both do a thing to it.
 * @throws ApiError 404
 */
export async function lockSignup(tx: Db, signups: Signups, id: string): Promise<SignupRow> {
  const rows = await tx.select(signupColumns(signups)).from(signups).where(eq(signups.id, id)).for('update')
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** Forgets sign-ups that nobody has confirmed. @returns how many */
export async function purgeSignups({
  database: {
    platform: {
      db,
      tables: { signups },
    },
  },
}: App): Promise<number> {
  const rows = await db
    .delete(signups)
    .where(and(isNull(signups.confirmed_at), lt(signups.expires_at, sql`now() - interval '7 days'`)))
    .returning({ id: signups.id })
  return rows.length
}

/** A sign-up's columns, by name: never its token's hash. */
export function signupColumns(signups: Signups) {
  const {
    id,
    name,
    subdomain,
    email,
    language,
    created,
    expires_at,
    confirmed_at,
    approved_at,
    refused_at,
    decided_by,
    tenant,
  } = signups
  return {
    id,
    name,
    subdomain,
    email,
    language,
    created,
    expires_at,
    confirmed_at,
    approved_at,
    refused_at,
    decided_by,
    tenant,
  }
}

export function stateOf({ confirmed_at, refused_at, tenant, expires_at }: SignupRow): SignupState {
  if (refused_at) return 'refused'
  if (tenant) return 'made'
  if (confirmed_at) return 'waiting'
  return expires_at > new Date() ? 'unconfirmed' : 'expired'
}

/** The same as a condition. */
export function isInState(signups: Signups, state: SignupState): SQL | undefined {
  switch (state) {
    case 'refused':
      return isNotNull(signups.refused_at)
    case 'made':
      return and(isNull(signups.refused_at), isNotNull(signups.tenant))
    case 'waiting':
      return and(isNull(signups.refused_at), isNull(signups.tenant), isNotNull(signups.confirmed_at))
    case 'unconfirmed':
      return and(isNull(signups.confirmed_at), gt(signups.expires_at, sql`now()`))
    case 'expired':
      return and(isNull(signups.confirmed_at), sql`${signups.expires_at} <= now()`)
  }
}

function requireOpen({ config }: App): void {
  if (config.signup === 'closed') throw forbidden('New organisations cannot be signed up here.', 'signup_closed')
}

async function requireByToken({ limits, database }: App, token: string, origin: Origin): Promise<SignupRow> {
  const {
    db,
    tables: { signups },
  } = database.platform
  await limits.checkLinks('site', origin.ip)
  const rows = await db
    .select(signupColumns(signups))
    .from(signups)
    .where(eq(signups.token_hash, hashOf(token)))
  if (rows[0] && stateOf(rows[0]) !== 'expired') return rows[0]
  await limits.countWrongLink('site', origin.ip)
  throw invalid({ token: ['This link is not one of ours, or is too old.'] })
}

function progressOf({ config }: App, signup: SignupRow): SignupProgress {
  const state = stateOf(signup)
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
  const authRealm = platformAuthRealm(database, config.originOf(`console.${config.baseDomain}`))
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
