import { createHash, randomBytes, sign as signBytes } from 'node:crypto'
import type { JWTPayload } from 'jose'
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

/** The parts in which tokens differ. `at` selects the key. */
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
  // Signing takes 64 µs here; WebCrypto's threads take twice as long.
  const input = `${encodePart({ alg: 'EdDSA', typ: headerTypes[type], kid })}.${encodePart(payload)}`
  return `${input}.${signBytes(null, Buffer.from(input), privateKey).toString('base64url')}`
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
