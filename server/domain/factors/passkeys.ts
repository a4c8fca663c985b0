import { randomBytes } from 'node:crypto'
import type {
  AuthenticationResponseJSON,
  AuthenticatorTransport,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { and, asc, eq, isNotNull } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import type { Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { isOriginOf } from '#server/domain/tenants/origins.ts'
import { challengeLife } from './challenges.ts'

// Half a megabyte of code that few processes need.
const library = () => import('@simplewebauthn/server')

/** The user of a passkey, for its authenticator. */
interface Owner {
  id: string
  email: string
  first_name: string
  last_name: string
}

/**
 * The relying party of a realm: the host that its passkeys are bound to. It stays when the organisation gets another
 * address, for as long as the former one is its own; browsers ask it which other hosts may use it (related origins).
 */
export async function relyingPartyOf(app: App, { id, kind, origin, realm }: AuthRealm): Promise<string> {
  const canonical = new URL(origin).hostname
  const { factors } = realm.tables
  const rows = await realm.db
    .select({ rp_id: factors.rp_id })
    .from(factors)
    .where(isNotNull(factors.rp_id))
    .orderBy(asc(factors.created))
    .limit(1)
  const first = rows[0]?.rp_id ?? canonical
  if (first === canonical || kind === 'platform') return canonical
  return (await isOriginOf(app, id, app.config.originOf(first))) ? first : canonical
}

/** The passkeys of a user that are bound to the relying party. */
export function findPasskeys({ db, tables: { factors } }: Realm, userId: string, rpId: string) {
  return db
    .select({ id: factors.credential_id, transports: factors.transports })
    .from(factors)
    .where(and(eq(factors.user_id, userId), eq(factors.rp_id, rpId)))
}

type Passkeys = Awaited<ReturnType<typeof findPasskeys>>

function descriptorsOf(passkeys: Passkeys) {
  return passkeys.map(({ id, transports }) => ({
    id: id!,
    transports: (transports ?? []) as AuthenticatorTransport[],
  }))
}

/** What a browser needs to create a passkey. */
export async function registrationOptions(authRealm: AuthRealm, rpId: string, owner: Owner, existing: Passkeys) {
  const { generateRegistrationOptions } = await library()
  return generateRegistrationOptions({
    rpName: authRealm.name,
    rpID: rpId,
    userID: new Uint8Array(Buffer.from(owner.id)),
    userName: owner.email,
    userDisplayName: `${owner.first_name} ${owner.last_name}`.trim() || owner.email,
    attestationType: 'none',
    excludeCredentials: descriptorsOf(existing),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
  })
}

/** What a browser needs to sign in with a passkey. @param passkeys the user's; none: any that the browser has */
export async function authenticationOptions(
  rpId: string,
  passkeys: Passkeys = [],
  challenge: Buffer = randomBytes(32),
) {
  const { generateAuthenticationOptions } = await library()
  return generateAuthenticationOptions({
    rpID: rpId,
    challenge: new Uint8Array(challenge),
    allowCredentials: descriptorsOf(passkeys),
    // A passkey alone counts as two factors only if it asks for a PIN or a fingerprint.
    userVerification: passkeys.length > 0 ? 'preferred' : 'required',
    timeout: challengeLife * 1000,
  })
}

export interface NewPasskey {
  credential_id: string
  public_key: string
  counter: number
  transports: string[]
  aaguid: string
  backed_up: boolean
  rp_id: string
}

/**
 * @param challenge that the passkey had to sign
 * @param origin of the host that the browser is on
 * @returns undefined if the answer is not valid
 */
export async function verifyRegistration(
  app: App,
  rpId: string,
  response: RegistrationResponseJSON,
  challenge: string,
  origin: string,
): Promise<NewPasskey | undefined> {
  const { verifyRegistrationResponse } = await library()
  const { registrationInfo } = await refusing(app, async () => {
    await requireNoCertificates(response)
    return verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: false,
    })
  })
  if (!registrationInfo) return undefined
  const { credential, aaguid, credentialBackedUp } = registrationInfo
  return {
    credential_id: credential.id,
    public_key: Buffer.from(credential.publicKey).toString('base64url'),
    counter: credential.counter,
    transports: credential.transports ?? [],
    aaguid,
    backed_up: credentialBackedUp,
    rp_id: rpId,
  }
}

// Browsers send none, as none are asked for. The library would fetch the URLs in them, which a client chooses.
async function requireNoCertificates({ response }: RegistrationResponseJSON): Promise<void> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  const attestation = decodeAttestationObject(new Uint8Array(Buffer.from(response.attestationObject, 'base64url')))
  const format = attestation.get('fmt')
  if (format !== 'none' && (format !== 'packed' || attestation.get('attStmt').get('x5c') !== undefined))
    throw new Error('an attestation with certificates')
}

/** What a passkey has signed. */
export interface Assertion {
  counter: number
  isUserVerified: boolean
  backed_up: boolean
}

/**
 * Verifies a signature. The caller compares the counter.
 * @param challenge what had to be signed, or a check of what was signed
 * @returns undefined if the answer is not valid
 */
export async function verifyAssertion(
  app: App,
  passkey: { credential_id: string | null; public_key: string | null; rp_id: string | null; user_id: string },
  response: AuthenticationResponseJSON,
  challenge: string | ((challenge: string) => boolean),
  origin: string,
): Promise<Assertion | undefined> {
  const { userHandle } = response.response
  if (userHandle && Buffer.from(userHandle, 'base64url').toString() !== passkey.user_id) return undefined
  const { verifyAuthenticationResponse } = await library()
  const { verified, authenticationInfo: info } = await refusing(app, () =>
    verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: passkey.rp_id!,
      requireUserVerification: false,
      credential: {
        id: passkey.credential_id!,
        publicKey: new Uint8Array(Buffer.from(passkey.public_key!, 'base64url')),
        counter: 0,
      },
    }),
  )
  if (!verified || !info) return undefined
  return { counter: info.newCounter, isUserVerified: info.userVerified, backed_up: info.credentialBackedUp }
}

// The library throws for most of what can be wrong with an answer.
async function refusing<Result extends { verified: boolean }>(
  app: App,
  verify: () => Promise<Result>,
): Promise<Result | { verified: false; registrationInfo?: undefined; authenticationInfo?: undefined }> {
  try {
    return await verify()
  } catch (error) {
    // What follows a quotation mark was sent by the client, or is the challenge.
    app.log.info({ event: 'passkey_refused', reason: reasonOf(error).split('"', 1)[0] })
    return { verified: false }
  }
}
