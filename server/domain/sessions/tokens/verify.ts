import type { JWTPayload } from 'jose'
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { noteForeignToken } from '#server/domain/audit/security-events.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { isOriginOf } from '#server/domain/tenants/origins.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'
import type { Claims, TokenType } from './tokens.ts'
import { encodePart, headerTypes, TokenError, tokenTypes } from './tokens.ts'
import type { VerifiedToken } from './verified.ts'

// 64 bytes of signature in base64url are 86 characters, the last of which carries only two bits.
const compactForm = /^[\w-]{1,512}\.[\w-]{1,2048}\.[\w-]{85}[AQgw]$/

// Clocks of two machines may differ; a token "from the future" by more than this is refused. Expiry has no tolerance.
const clockTolerance = 5

/**
 * Verifies a token with the realm's own keys. Algorithm, issuer, audience, type and maximum lifetime are fixed.
 * @param types the types that the caller accepts
 * @throws {TokenError}
 */
export async function verifyToken(
  app: App,
  authRealm: AuthRealm,
  token: string,
  types: readonly TokenType[],
  audit: AuditContext,
): Promise<Claims & { type: TokenType }> {
  // Only one encoding: with padding, white space or spare bits, one token could be written in several ways.
  if (!compactForm.test(token)) throw new TokenError('Token is invalid')
  const { type, payload } =
    (await recall(app, authRealm, token)) ?? (await verifySignature(app, authRealm, token, audit))
  if (payload.exp <= Date.now() / 1000) throw new TokenError('Token is expired')
  if (payload.aud !== authRealm.id) throw new TokenError('Token is invalid')
  if (payload.iss !== authRealm.origin && !(await isFormerIssuer(app, authRealm, payload.iss)))
    throw new TokenError('Token is invalid')
  if (!types.includes(type)) throw new TokenError('Token has wrong type')
  return { type, ...claimsOf(payload, type, app.config.ttl[type]) }
}

/** @returns what is remembered of the token, if its key is still one of the realm's */
async function recall(app: App, { realm }: AuthRealm, token: string): Promise<VerifiedToken | undefined> {
  const known = app.verifiedTokens.find(token)
  return known && (await app.keys.findPublicKey(realm, known.kid)) === known.key ? known : undefined
}

async function verifySignature(
  app: App,
  authRealm: AuthRealm,
  token: string,
  audit: AuditContext,
): Promise<VerifiedToken> {
  // Outside the try: a failure of the database or of a key says nothing about the token.
  const kid = claimedKid(token)
  const key = kid === undefined ? undefined : await app.keys.findPublicKey(authRealm.realm, kid)
  try {
    if (!key) throw new errors.JWKSNoMatchingKey()
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA'],
      audience: authRealm.id,
      requiredClaims: ['iss', 'exp', 'iat', 'jti', 'sub', 'sid', 'user_id', 'token_type'],
    })
    const type = tokenTypes.find(known => known === payload.token_type)
    if (!type || !isOurSpelling(token, type, kid!, payload)) throw new errors.JWTInvalid()
    const verified = { key, kid: kid!, type, payload: payload as VerifiedToken['payload'] }
    app.verifiedTokens.add(token, verified)
    return verified
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new TokenError('Token is expired')
    if (!(error instanceof errors.JOSEError || error instanceof TypeError)) throw error
    await noteAudience(app, authRealm, token, audit)
    throw new TokenError('Token is invalid')
  }
}

async function noteAudience(app: App, authRealm: AuthRealm, token: string, audit: AuditContext): Promise<void> {
  const audience = claimedAudience(token)
  if (audience && audience !== authRealm.id) await noteForeignToken(app, authRealm, audit, audience)
}

// Another origin of the same tenant, if it was renamed or this process does not know the new one yet. That is rare, so
// it is looked up.
async function isFormerIssuer(app: App, authRealm: AuthRealm, issuer: unknown): Promise<boolean> {
  return authRealm.kind === 'tenant' && typeof issuer === 'string' && isOriginOf(app, authRealm.id, issuer)
}

// Header and claims must be encoded exactly as this server writes them: no extensions of JWS, no duplicate names.
function isOurSpelling(token: string, type: TokenType, kid: string, payload: JWTPayload): boolean {
  return token.startsWith(`${encodePart({ alg: 'EdDSA', typ: headerTypes[type], kid })}.${encodePart(payload)}.`)
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
