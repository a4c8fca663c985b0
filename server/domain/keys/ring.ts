import { createPrivateKey, generateKeyPair, randomBytes } from 'node:crypto'
import type { KeyObject, webcrypto } from 'node:crypto'
import { promisify } from 'node:util'
import { and, desc, gt, isNotNull, isNull, or } from 'drizzle-orm'
import { importJWK } from 'jose'
import type { Config } from '#server/config.ts'
import type { Secret } from '#server/config/secrets.ts'
import type { Realm } from '#server/database/realms.ts'
import { unwrap, wrap } from '#server/domain/lib/wrap.ts'

type CryptoKey = webcrypto.CryptoKey

/** The keys of one realm, ready to use. */
export interface KeyRing {
  /**
   * The key that signs a token of a given time. From a session's row, every process selects the same key, before and
   * after a rotation.
   */
  signerAt(moment: Date): { kid: string; privateKey: KeyObject }
  /** By kid: every key whose tokens may still be valid, and the next key. */
  publicKeys: Map<string, CryptoKey>
  jwks: { keys: PublicJwk[] }
}

export interface PublicJwk {
  kty: 'OKP'
  crv: 'Ed25519'
  use: 'sig'
  alg: 'EdDSA'
  kid: string
  x: string
}

export interface KeyRings {
  /** @throws Error when the realm has no key to sign with */
  get(realm: Realm): Promise<KeyRing>
  /** Like `get`, but reads the database if the cached ring does not contain the kid. */
  findPublicKey(realm: Realm, kid: string): Promise<CryptoKey | undefined>
  forget(schema: string): void
}

const longestRingLife = 30_000
const ringsLimit = 6_000
// An invented kid must not cost a query each time.
const reloadPause = 1_000

interface State {
  secret: Secret
  /** Seconds for which a key that signs no more still verifies. */
  overlap: number
  /** Milliseconds. Half of what a new key is published ahead: every process has looked at the database by then. */
  ringLife: number
  rings: Map<string, { ring: Promise<KeyRing>; loaded: number }>
}

export function createKeyRings({ secret, ttl, life }: Config): KeyRings {
  const ringLife = Math.min(longestRingLife, life.keyLead * 500)
  const state: State = { secret, overlap: keyOverlap(ttl), ringLife, rings: new Map() }
  return {
    get: realm => getRing(state, realm),
    findPublicKey: (realm, kid) => findPublicKey(state, realm, kid),
    forget: schema => void state.rings.delete(schema),
  }
}

function getRing({ secret, overlap, ringLife, rings }: State, realm: Realm): Promise<KeyRing> {
  const entry = rings.get(realm.schema)
  if (entry && Date.now() - entry.loaded < ringLife) return entry.ring
  const ring = loadKeyRing(realm, secret, overlap, entry?.ring)
  rings.delete(realm.schema)
  if (rings.size >= ringsLimit) rings.delete(rings.keys().next().value!)
  rings.set(realm.schema, { ring, loaded: Date.now() })
  ring.catch(() => rings.delete(realm.schema))
  return ring
}

async function findPublicKey(state: State, realm: Realm, kid: string): Promise<CryptoKey | undefined> {
  const known = (await getRing(state, realm)).publicKeys.get(kid)
  const entry = state.rings.get(realm.schema)
  if (known || !entry || Date.now() - entry.loaded < reloadPause) return known
  state.rings.delete(realm.schema)
  return (await getRing(state, realm)).publicKeys.get(kid)
}

/** @param previous the ring that it replaces: a key that is in both stays the same object */
async function loadKeyRing(
  realm: Realm,
  secret: Secret,
  overlap: number,
  previous: Promise<KeyRing> | undefined,
): Promise<KeyRing> {
  const rows = await readKeys(realm, overlap)
  if (rows.length === 0) throw new Error('The realm has no signing key.')
  const jwks = rows.map(
    row => ({ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: row.kid, x: row.public_key }) as const,
  )
  const known = await previous?.catch(() => undefined)
  const publicKeys = new Map(
    await Promise.all(jwks.map(async jwk => [jwk.kid, knownKey(known, jwk) ?? (await importKey(jwk))] as const)),
  )
  return { signerAt: createSigner(rows, realm.schema, secret), publicKeys, jwks: { keys: jwks } }
}

function knownKey(ring: KeyRing | undefined, { kid, x }: PublicJwk): CryptoKey | undefined {
  const isSame = ring?.jwks.keys.some(jwk => jwk.kid === kid && jwk.x === x)
  return isSame ? ring?.publicKeys.get(kid) : undefined
}

async function importKey(jwk: PublicJwk): Promise<CryptoKey> {
  return (await importJWK({ ...jwk }, 'EdDSA')) as CryptoKey
}

type KeyRow = Awaited<ReturnType<typeof readKeys>>[number]

function readKeys({ db, tables: { signing_keys: keys } }: Realm, overlap: number) {
  const { kid, public_key, private_key, activated_at, retired_at } = keys
  const isAlive = or(isNull(retired_at), gt(retired_at, new Date(Date.now() - overlap * 1000)))
  return db
    .select({ kid, public_key, private_key, activated_at, retired_at })
    .from(keys)
    .where(and(isNotNull(activated_at), isAlive))
    .orderBy(desc(activated_at))
}

// Not in loadKeyRing: a closure keeps all variables of its function that any closure there uses. The previous ring is
// one of them, and would keep the one before it, without an end.
function createSigner(rows: KeyRow[], schema: string, secret: Secret): KeyRing['signerAt'] {
  /** The private keys that were needed already, by kid. */
  const opened = new Map<string, KeyObject>()
  return moment => {
    // Another machine's clock may put a session before the first key.
    const { kid, private_key } = rows.find(row => row.activated_at! <= moment) ?? rows.at(-1)!
    let privateKey = opened.get(kid)
    if (!privateKey) opened.set(kid, (privateKey = unwrapKey(private_key, secret, `${schema}:${kid}`)))
    return { kid, privateKey }
  }
}

/** @returns seconds for which a retired key still verifies: the lifetime of the longest token */
export function keyOverlap({ access, refresh, session }: Config['ttl']): number {
  return Math.max(access, Math.min(refresh, session))
}

/** True when the realm's newest key can be decrypted with this master secret. */
export async function canOpenKeys(
  { schema, db, tables: { signing_keys: keys } }: Realm,
  secret: Secret,
): Promise<boolean> {
  const rows = await db
    .select({ kid: keys.kid, private_key: keys.private_key })
    .from(keys)
    .where(and(isNotNull(keys.activated_at), isNull(keys.retired_at)))
  try {
    return rows.length === 1 && Boolean(unwrapKey(rows[0]!.private_key, secret, `${schema}:${rows[0]!.kid}`))
  } catch {
    return false
  }
}

/**
 * @param activated_at from when it signs; now by default
 * @returns a row for `signing_keys`: a new Ed25519 pair
 */
export async function newSigningKey(schema: string, secret: Secret, now: Date, activated_at = now) {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ed25519')
  const kid = randomBytes(9).toString('base64url')
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    kid,
    public_key: publicKey.export({ format: 'jwk' }).x!,
    // Schema and kid are its context: a private key that is copied into another tenant's table cannot be decrypted.
    private_key: wrap(der, secret, 'tenantry signing keys', `${schema}:${kid}`),
    created: now,
    activated_at,
  }
}

function unwrapKey(wrapped: string, secret: Secret, context: string): KeyObject {
  return createPrivateKey({
    key: unwrap(wrapped, secret, 'tenantry signing keys', context),
    format: 'der',
    type: 'pkcs8',
  })
}
