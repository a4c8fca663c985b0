import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Db, Realm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { challengeLife } from './challenges.ts'

/**
 * A challenge for anyone who wants to sign in with a passkey. It has no row, as every visit of the sign-in page needs
 * one: it is signed, and expires. Its use is recorded, so that it works once.
 */
export function signedChallenge(app: App, { schema }: Realm): Buffer {
  const body = Buffer.concat([randomBytes(16), Buffer.alloc(6)])
  body.writeUIntBE(Date.now() + challengeLife * 1000, 16, 6)
  return Buffer.concat([body, signatureOf(app.config.secret.current, schema, body)])
}

/** @returns when a signed challenge expires, or undefined if it is not one of this realm or has expired */
export function expiryOf(app: App, { schema }: Realm, challenge: string): Date | undefined {
  const bytes = Buffer.from(challenge, 'base64url')
  if (bytes.length !== 54) return undefined
  const body = bytes.subarray(0, 22)
  const { current, fallback } = app.config.secret
  const isSignedWith = (secret: string) => timingSafeEqual(bytes.subarray(22), signatureOf(secret, schema, body))
  if (!isSignedWith(current) && !(fallback && isSignedWith(fallback))) return undefined
  const expiry = body.readUIntBE(16, 6)
  return expiry > Date.now() ? new Date(expiry) : undefined
}

function signatureOf(secret: string, schema: string, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(`passkey challenge\n${schema}\n`).update(body).digest()
}

/** Records that a signed challenge was answered, in the transaction of the sign-in. @returns false if it was before */
export async function consumeSignedChallenge(
  tx: Db,
  { tables: { challenges } }: Realm,
  userId: string,
  row: { id: string; token_hash: string; expires_at: Date },
): Promise<boolean> {
  const used = await tx
    .insert(challenges)
    .values({ ...row, user_id: userId, purpose: 'used', created: new Date() })
    .onConflictDoNothing()
    .returning({ id: challenges.id })
  return used.length > 0
}
