import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Secret } from '#server/config/secrets.ts'

/** What is wrapped; each has a key of its own, derived from the master secret. */
export type Wrapped = 'tenantry signing keys' | 'tenantry second factors'

/**
 * Encrypts a secret for the database: AES-256-GCM with a key derived from the master secret.
 * @param context is authenticated too: what is copied to another place cannot be decrypted there
 * @returns base64url
 */
export function wrap(plain: Buffer, { current }: Secret, kind: Wrapped, context: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(current, kind), iv).setAAD(Buffer.from(context))
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** @throws Error for another master secret, kind or context */
export function unwrap(wrapped: string, secret: Secret, kind: Wrapped, context: string): Buffer {
  const opened = openWith(wrapped, secret.current, kind, context) ?? openWith(wrapped, secret.fallback, kind, context)
  if (!opened) throw new Error(`Neither SECRET nor SECRET_FALLBACK decrypts one of the ${kind}.`)
  return opened
}

/** @returns by which master secret it can be decrypted, if by any */
export function wrappedWith(
  wrapped: string,
  secret: Secret,
  kind: Wrapped,
  context: string,
): 'current' | 'fallback' | undefined {
  return (['current', 'fallback'] as const).find(which => openWith(wrapped, secret[which], kind, context))
}

function openWith(wrapped: string, secret: string | undefined, kind: Wrapped, context: string): Buffer | undefined {
  if (secret === undefined) return undefined
  const bytes = Buffer.from(wrapped, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey(secret, kind), bytes.subarray(0, 12))
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16))
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
  } catch {
    return undefined
  }
}

function wrappingKey(secret: string, kind: Wrapped): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', kind, 32))
}
