import { and, eq, not, sql } from 'drizzle-orm'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { isRemembered } from '#server/domain/factors/devices.ts'
import { enrolFrom, hasFactor } from '#server/domain/factors/policy.ts'
import { demandSecondFactor } from '#server/domain/factors/second-step.ts'
import { closedAnswer, standingIn } from '#server/domain/tenants/lifecycle/standing.ts'
import { ApiError } from '#shared/errors.ts'
import type { Begun, Client, SignedIn } from './begin.ts'
import { beginSession, finishSignIn, refuseSignIn } from './begin.ts'
import { costliestHash } from './hash-costs.ts'
import type { PasswordAttempt } from './password-limits.ts'

export interface Credentials {
  email: string
  password: string
  /** Of a browser in which the user need not give a second factor; see server/domain/factors/devices.ts. */
  device?: string
}

/**
 * Opens a session for an e-mail address and a password.
 * @throws ApiError 401, the same in text and time whatever was wrong; 401 `second_factor_required` with a challenge if
 * the password is right; 429 before any hashing; 503; 403 if the tenant is closed
 */
export async function signIn(
  app: App,
  authRealm: AuthRealm,
  credentials: Credentials,
  audit: AuditContext,
  userAgent: string | null,
): Promise<SignedIn> {
  const { realm } = authRealm
  const client = { audit, userAgent }
  const attempt = app.limits.passwordAttempt(realm.schema, credentials.email, audit.ip)
  const [account, costliest] = await Promise.all([findAccount(app, authRealm, credentials.email), costliestHash(realm)])
  // A user who may not sign in is treated like an unknown one: the same work, the same count of attempts.
  const stored = account?.is_active ? account.password : null
  const checked = await app.hashing
    .verify(
      realm.schema,
      credentials.password,
      stored,
      costliest,
      account?.has_factor ? withoutForgiving(attempt) : attempt,
    )
    .catch(about(account))
  const begun =
    checked && account
      ? await openSession(app, authRealm, account, credentials, checked.isStale, attempt, client)
      : undefined
  if (!begun) throw await refuseSignIn(app, authRealm, account?.id, client)
  return finishSignIn(app, authRealm, begun, audit)
}

// Wrong codes count like wrong passwords, so the right password alone does not reset the counter.
function withoutForgiving(attempt: PasswordAttempt): PasswordAttempt {
  return { ...attempt, forgive: async () => {} }
}

// Only for the audit log: the answer is the same for every user.
function about(account: { id: string } | undefined) {
  return (refusal: Error) => {
    if (refusal instanceof ApiError) refusal.subject = account?.id
    throw refusal
  }
}

async function findAccount(app: App, authRealm: AuthRealm, email: string) {
  const { realm } = authRealm
  const { users } = realm.tables
  const account = {
    id: users.id,
    password: users.password,
    is_active: users.is_active,
    has_factor: hasFactor(realm),
    enrol_from: enrolFrom(app, realm),
  }
  const rows = await realm.db
    .select({ account, standing: standingIn(realm) })
    .from(sql`(values (1)) as one`)
    .leftJoin(users, eq(users.email, email))
  const { standing, account: found } = rows[0]!
  const closed = closedAnswer(standing)
  if (closed) throw closed
  return found ?? undefined
}

type Account = NonNullable<Awaited<ReturnType<typeof findAccount>>>

async function openSession(
  app: App,
  authRealm: AuthRealm,
  account: Account,
  { password, device }: Credentials,
  isStale: boolean,
  attempt: PasswordAttempt,
  client: Client,
): Promise<Begun | undefined> {
  const { realm } = authRealm
  const { users } = realm.tables
  const checked = account.password!
  const renewed = isStale ? await app.hashing.hash(realm.schema, password) : undefined
  const isUnchanged = eq(users.password, checked)
  if (account.has_factor) {
    const isKnown = device !== undefined && (await isRemembered(realm, account.id, device))
    if (!isKnown) throw await demandSecondFactor(app, authRealm, account.id, isUnchanged, renewed, client)
    await attempt.forgive()
  }
  return realm.transaction(tx =>
    beginSession(
      tx,
      app,
      authRealm,
      {
        userId: account.id,
        amr: ['pwd'],
        enrolFrom: account.enrol_from,
        password: renewed,
        // A factor that was added meanwhile must be asked for.
        isUnchanged: account.has_factor ? isUnchanged : and(isUnchanged, not(hasFactor(realm))),
      },
      client,
    ),
  )
}
