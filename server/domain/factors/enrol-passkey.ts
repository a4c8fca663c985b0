import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { newId } from '#server/database/ids.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Principal } from '#server/domain/sessions/principal.ts'
import { invalid } from '#shared/errors.ts'
import { passkeyModel } from '#shared/factors/passkey-models.ts'
import { closeChallenge, lockSessionChallenge, openChallenge } from './challenges.ts'
import { requireRoom, settleNewFactor } from './enrol.ts'
import { presentFactor } from './factors.ts'
import type { NewPasskey } from './passkeys.ts'
import { findPasskeys, registrationOptions, relyingPartyOf, verifyRegistration } from './passkeys.ts'
import { lockUser } from './second-step.ts'

/** @returns what a browser needs to create a passkey; only this session can use it, once, for five minutes */
export async function beginPasskey(app: App, authRealm: AuthRealm, { user, session }: Principal) {
  const { realm } = authRealm
  const rpId = await relyingPartyOf(app, authRealm)
  const existing = await findPasskeys(realm, user.id, rpId)
  const options = await registrationOptions(authRealm, rpId, user, existing)
  await realm.transaction(async tx => {
    await lockUser(tx, realm, user.id)
    await requireRoom(tx, realm, user.id)
    const bound = { webauthn: options.challenge, session: session.id }
    await openChallenge(tx, realm, user.id, 'registration', options.challenge, bound)
  })
  return options
}

/**
 * Adds a passkey.
 * @param origin of the host that the browser is on
 * @returns the factor, and recovery codes if the user had none
 * @throws ApiError 400 on `credential`
 */
export async function addPasskey(
  app: App,
  authRealm: AuthRealm,
  { user, session }: Principal,
  { name, credential }: { name?: string; credential: RegistrationResponseJSON },
  origin: string,
  audit: AuditContext,
) {
  const { realm } = authRealm
  const { factors } = realm.tables
  const rpId = await relyingPartyOf(app, authRealm)
  const added = await realm.transaction(async tx => {
    await lockUser(tx, realm, user.id)
    const challenge = await lockSessionChallenge(tx, realm, session.id, 'registration')
    if (!challenge) return undefined
    await closeChallenge(tx, realm, challenge.id)
    const passkey = await verifyRegistration(app, rpId, credential, challenge.webauthn!, origin)
    if (!passkey) return undefined
    const row = rowOf(user.id, name, passkey)
    const inserted = await tx.insert(factors).values(row).onConflictDoNothing().returning({ id: factors.id })
    if (inserted.length === 0) return undefined
    const recovery_codes = await settleNewFactor(tx, app, authRealm, user, { kind: 'passkey', name: row.name }, audit)
    return { ...presentFactor(row), recovery_codes }
  })
  if (!added) throw invalid({ credential: ['This passkey could not be added. Try again.'] })
  return added
}

function rowOf(userId: string, name: string | undefined, passkey: NewPasskey) {
  const now = new Date()
  return {
    ...passkey,
    id: newId(),
    user_id: userId,
    kind: 'passkey' as const,
    name: name ?? passkeyModel(passkey.aaguid) ?? 'Passkey',
    created: now,
    confirmed_at: now,
    last_used: null,
  }
}
