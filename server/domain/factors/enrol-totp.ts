import { and, eq, isNotNull, isNull } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { wrap } from '#server/domain/lib/wrap.ts'
import { invalid, notFound } from '#shared/errors.ts'
import { requireRoom, settleNewFactor } from './enrol.ts'
import type { Recipient } from './notices.ts'
import { acceptStep, openSecret } from './prove.ts'
import { lockUser } from './second-step.ts'
import { findStep, newTotpSecret, presentTotp } from './totp.ts'

/**
 * Begins to add an authenticator app: it counts when its first code is confirmed. It replaces one that was not
 * confirmed.
 * @returns the secret, in every form that apps take; it is not shown again
 * @throws ApiError 409 if the user has too many factors
 */
export async function beginTotp(app: App, authRealm: AuthRealm, user: Recipient, name: string | undefined) {
  const { realm } = authRealm
  const { factors } = realm.tables
  const secret = newTotpSecret()
  const id = newId()
  await realm.transaction(async tx => {
    await lockUser(tx, realm, user.id)
    await requireRoom(tx, realm, user.id)
    await tx.delete(factors).where(and(eq(factors.user_id, user.id), isNull(factors.confirmed_at)))
    await tx.insert(factors).values({
      id,
      user_id: user.id,
      kind: 'totp',
      name: name ?? (await nextName(tx, realm, user.id)),
      created: new Date(),
      // Realm and factor are its context: a copy in another row cannot be decrypted.
      secret: wrap(secret, app.config.secret, 'tenantry second factors', `${realm.schema}:${id}`),
    })
  })
  return { id, ...presentTotp(secret, authRealm.name, user.email) }
}

async function nextName(tx: Db, { tables: { factors } }: Realm, userId: string): Promise<string> {
  const isOne = and(eq(factors.user_id, userId), eq(factors.kind, 'totp'), isNotNull(factors.confirmed_at))
  const others = await tx.$count(factors, isOne)
  return others === 0 ? 'Authenticator app' : `Authenticator app ${others + 1}`
}

/**
 * Confirms an authenticator app with its first code.
 * @returns recovery codes, if the user had none
 * @throws ApiError 400 on `code`, 404, 429
 */
export async function confirmTotp(
  app: App,
  authRealm: AuthRealm,
  user: Recipient,
  id: string,
  code: string,
  audit: AuditContext,
): Promise<{ recovery_codes: string[] | null }> {
  const { realm } = authRealm
  const attempt = app.limits.codeAttempt(realm.schema, user.email, audit.ip, true)
  await attempt.admit()
  const done = await realm.transaction(tx => confirmLocked(tx, app, authRealm, user, id, code, audit))
  if (done) {
    await attempt.giveBack()
    return done
  }
  await attempt.countFailure()
  throw invalid({ code: ['Invalid code.'] })
}

async function confirmLocked(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  user: Recipient,
  id: string,
  code: string,
  audit: AuditContext,
) {
  const { realm } = authRealm
  const { factors } = realm.tables
  await lockUser(tx, realm, user.id)
  const isIt = and(eq(factors.id, id), eq(factors.user_id, user.id), isNull(factors.confirmed_at))
  const rows = await tx.select({ name: factors.name, secret: factors.secret }).from(factors).where(isIt)
  if (!rows[0]) throw notFound()
  const { name, secret } = rows[0]
  const step = findStep(openSecret(app, realm, id, secret!), code)
  if (step === undefined || !(await acceptStep(tx, realm, id, step))) return undefined
  await tx.update(factors).set({ confirmed_at: new Date() }).where(isIt)
  return { recovery_codes: await settleNewFactor(tx, app, authRealm, user, { kind: 'totp', name }, audit) }
}
