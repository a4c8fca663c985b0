import { createHash, randomBytes, sign as signBytes } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { noteForeignToken } from '#server/domain/audit/security-events.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { isOriginOf } from '#server/domain/tenants/origins.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'

export type TokenType = 'access' | 'refresh'

export interface Claims {
  user_id: string
  sid: string
  /** Refresh tokens only: the session's counter when it was made. */
  seq: number
}

export type TokenFault = 'Token is invalid' | 'Token is expired' | 'Token has wrong type'

/** Why a token was refused. */
export class TokenError extends Error {
  readonly fault: TokenFault

  constructor(fault: TokenFault) {
    super(fault)
    this.fault = fault
  }
}

export interface LiveSession {
  id: string
  user_id: string
  counter: number
  rotated_at: Date
  expires_at: Date
}

/** @returns a new access token for the session, and when it ends */
export async function mintAccess(
  app: App,
  authRealm: AuthRealm,
  session: LiveSession,
  now: Date,
): Promise<{ token: string; expires_at: Date }> {
  const iat = secondsOf(now)
  const exp = iat + app.config.ttl.access
  const token = await sign(app, authRealm, session, {
    type: 'access',
    at: now,
    iat,
    exp,
    jti: randomBytes(16).toString('base64url'),
  })
  return { token, expires_at: new Date(exp * 1000) }
}

/**
 * @returns the session's refresh token. Everything in it comes from the session's row and Ed25519 is deterministic,
 * so it is the same text each time until the session rotates, also when the key is rotated meanwhile: that is what
 * lets two callers who race with one token be given the same successor.
 */
export async function mintRefresh(
  app: App,
  authRealm: AuthRealm,
  session: LiveSession,
): Promise<{ token: string; expires_at: Date }> {
  const iat = secondsOf(session.rotated_at)
  const exp = Math.min(iat + app.config.ttl.refresh, secondsOf(session.expires_at))
  const jti = createHash('sha256').update(`${session.id}.${session.counter}`).digest('base64url').slice(0, 22)
  const token = await sign(app, authRealm, session, {
    type: 'refresh',
    at: session.rotated_at,
    iat,
    exp,
    jti,
    seq: session.counter,
  })
  return { token, expires_at: new Date(exp * 1000) }
}

/** `at` decides the key. */
interface Stamp {
  type: TokenType
  at: Date
  iat: number
  exp: number
  jti: string
  seq?: number
}

async function sign(
  app: App,
  authRealm: AuthRealm,
  session: LiveSession,
  { type, at, iat, exp, jti, seq }: Stamp,
): Promise<string> {
  const { kid, privateKey } = (await app.keys.get(authRealm.realm)).signerAt(at)
  const payload: JWTPayload = {
    token_type: type,
    exp,
    iat,
    jti,
    user_id: session.user_id,
    iss: authRealm.origin,
    aud: authRealm.id,
    sub: session.user_id,
    sid: session.id,
    ...(seq === undefined ? {} : { seq }),
  }
  // A signature is 64 µs of work, and twice that by way of WebCrypto's threads.
  const input = `${encode({ alg: 'EdDSA', typ: headerTypes[type], kid })}.${encode(payload)}`
  return `${input}.${signBytes(null, Buffer.from(input), privateKey).toString('base64url')}`
}

const headerTypes = { access: 'at+jwt', refresh: 'rt+jwt' } as const
// 64 bytes of signature in base64url are 86 characters, the last of which carries only two bits.
const compactForm = /^[\w-]{1,512}\.[\w-]{1,2048}\.[\w-]{85}[AQgw]$/
// Clocks of two machines may differ; a token "from the future" by more than this is refused. Expiry has no tolerance.
const clockTolerance = 5

/**
 * Verifies a token by this realm's own keys; algorithm, issuer, audience, type and the longest life are pinned.
 * @param types what the caller takes
 * @throws {TokenError}
 */
export async function verifyToken(
  app: App,
  authRealm: AuthRealm,
  token: string,
  types: readonly TokenType[],
  origin: Origin,
): Promise<Claims & { type: TokenType }> {
  // One spelling only: padding, white space or spare bits would give one token several names.
  if (!compactForm.test(token)) throw new TokenError('Token is invalid')
  const { payload, protectedHeader } = await verifySignature(app, authRealm, token, origin)
  if (!(await isIssuer(app, authRealm, payload.iss))) throw new TokenError('Token is invalid')
  const type = payload.token_type === 'access' || payload.token_type === 'refresh' ? payload.token_type : undefined
  if (!type || !isOurSpelling(token, type, protectedHeader.kid, payload)) throw new TokenError('Token is invalid')
  if (!types.includes(type)) throw new TokenError('Token has wrong type')
  return { type, ...claimsOf(payload, type, app.config.ttl[type]) }
}

async function verifySignature(app: App, authRealm: AuthRealm, token: string, origin: Origin) {
  // Before the try: a fault of the database or of a key is no fault of the token.
  const kid = claimedKid(token)
  const key = kid === undefined ? undefined : await app.keys.findPublicKey(authRealm.realm, kid)
  try {
    if (!key) throw new errors.JWKSNoMatchingKey()
    return await jwtVerify(token, key, {
      algorithms: ['EdDSA'],
      audience: authRealm.id,
      requiredClaims: ['iss', 'exp', 'iat', 'jti', 'sub', 'sid', 'user_id', 'token_type'],
    })
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new TokenError('Token is expired')
    if (!(error instanceof errors.JOSEError || error instanceof TypeError)) throw error
    const audience = claimedAudience(token)
    if (audience && audience !== authRealm.id) await noteForeignToken(app, authRealm, origin, audience)
    throw new TokenError('Token is invalid')
  }
}

// The canonical origin; or, signed by this tenant's own key, another of its own: it was renamed, or this process
// has yet to hear of it. That is looked up, as it is rare.
async function isIssuer(app: App, authRealm: AuthRealm, issuer: unknown): Promise<boolean> {
  return (
    issuer === authRealm.origin ||
    (authRealm.kind === 'tenant' && typeof issuer === 'string' && isOriginOf(app, authRealm.id, issuer))
  )
}

// Our header has one spelling, and our claims are written as they are read: no extension of JWS, no name twice.
function isOurSpelling(token: string, type: TokenType, kid: string | undefined, payload: JWTPayload): boolean {
  return token.startsWith(`${encode({ alg: 'EdDSA', typ: headerTypes[type], kid })}.${encode(payload)}.`)
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function claimsOf(payload: JWTPayload, type: TokenType, ttl: number): Claims {
  const { iat, exp, aud, user_id, sub, sid } = payload
  const seq = type === 'refresh' ? payload.seq : 0
  const sound =
    isWhole(iat) &&
    isWhole(exp) &&
    isWhole(seq) &&
    seq < 2 ** 31 &&
    typeof aud === 'string' &&
    isId(user_id) &&
    user_id === sub &&
    isId(sid) &&
    iat <= Date.now() / 1000 + clockTolerance &&
    exp - iat <= ttl
  if (!sound) throw new TokenError('Token is invalid')
  return { user_id, sid, seq }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && uuidPattern.test(value)
}

function claimedKid(token: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(token)
    return typeof kid === 'string' && kid.length <= 64 ? kid : undefined
  } catch {
    return undefined
  }
}

function claimedAudience(token: string): string | undefined {
  try {
    const { aud } = decodeJwt(token)
    return typeof aud === 'string' && /^(?:[0-9a-f-]{36}|platform)$/.test(aud) ? aud : undefined
  } catch {
    return undefined
  }
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
