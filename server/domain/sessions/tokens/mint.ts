import { createHash, randomBytes, sign as signBytes } from 'node:crypto'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import type { LiveSession, TokenType } from './tokens.ts'
import { encodePart, headerTypes } from './tokens.ts'

/** @returns a new access token of the session, and when it expires */
export async function mintAccess(
  app: App,
  authRealm: AuthRealm,
  session: LiveSession,
  now: Date,
): Promise<{ token: string; expires_at: Date }> {
  const iat = secondsOf(now)
  const exp = iat + app.config.ttl.access
  const jti = randomBytes(16).toString('base64url')
  const token = await sign(app, authRealm, session, { type: 'access', at: now, iat, exp, jti })
  return { token, expires_at: new Date(exp * 1000) }
}

/**
 * @returns the session's refresh token. It depends only on the session's row, and Ed25519 is deterministic: the text of
 * the token stays the same until the session rotates, even if the key is rotated. So two callers with one token get the
 * same successor.
 */
export async function mintRefresh(
  app: App,
  authRealm: AuthRealm,
  session: LiveSession,
): Promise<{ token: string; expires_at: Date }> {
  const iat = secondsOf(session.rotated_at)
  const exp = Math.min(iat + app.config.ttl.refresh, secondsOf(session.expires_at))
  const jti = createHash('sha256').update(`${session.id}.${session.counter}`).digest('base64url').slice(0, 22)
  const stamp: Stamp = { type: 'refresh', at: session.rotated_at, iat, exp, jti, seq: session.counter }
  const token = await sign(app, authRealm, session, stamp)
  return { token, expires_at: new Date(exp * 1000) }
}

/** The parts in which tokens differ. `at` selects the key. */
interface Stamp {
  type: TokenType
  at: Date
  iat: number
  exp: number
  jti: string
  seq?: number
}

async function sign(app: App, authRealm: AuthRealm, session: LiveSession, stamp: Stamp): Promise<string> {
  const { type } = stamp
  const ring = await app.keys.get(authRealm.realm)
  const { kid, privateKey } = ring.signerAt(stamp.at)
  const payload = payloadOf(authRealm, session, stamp)
  const input = `${encodePart({ alg: 'EdDSA', typ: headerTypes[type], kid })}.${encodePart(payload)}`
  // Signing takes 64 µs here; WebCrypto's threads take twice as long.
  const token = `${input}.${signBytes(null, Buffer.from(input), privateKey).toString('base64url')}`
  // Its first use need not verify what was signed here.
  app.verifiedTokens.add(token, { key: ring.publicKeys.get(kid)!, kid, type, payload })
  return token
}

function payloadOf({ id, origin }: AuthRealm, session: LiveSession, { type, iat, exp, jti, seq }: Stamp) {
  const { amr, authenticated_at } = session
  return {
    token_type: type,
    exp,
    iat,
    jti,
    user_id: session.user_id,
    iss: origin,
    aud: id,
    sub: session.user_id,
    sid: session.id,
    ...(seq === undefined ? {} : { seq }),
    // A refresh token must not change while its session does not rotate.
    ...(type === 'access' ? { auth_time: secondsOf(authenticated_at), amr } : {}),
  }
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
