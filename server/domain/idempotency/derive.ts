import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

/** A request with an idempotency key, as the database knows it. */
export interface KeyedRequest {
  /** Under which it is stored. */
  key: string
  /** Differs where the same key comes with another request. */
  digest: string
  /** Encrypts the answer. */
  cipherKey: Buffer
}

/** Who sends a key: the same value of another owner is another key. */
export interface KeyOwner {
  schema: string
  user: string
  role: string
  /** The operator's address in a support session. */
  support: string | null
}

/**
 * Everything that is stored depends on the key's value and on the master secret. So neither the database nor a key
 * alone tells who sent what, and a password in a body cannot be guessed by its digest.
 * @param value of the header
 * @param request what makes it another request: method, path and body
 */
export function keyRequest(
  masterSecret: string,
  { schema, user, role, support }: KeyOwner,
  value: string,
  request: (string | Buffer)[],
): KeyedRequest {
  const owner = [schema, user, role, support ?? ''].join(' ')
  const bytes = Buffer.from(hkdfSync('sha256', value, masterSecret, `tenantry idempotency keys ${owner}`, 96))
  const hmac = createHmac('sha256', bytes.subarray(32, 64))
  for (const part of request) hmac.update(`${Buffer.byteLength(part)} `).update(part)
  return {
    key: bytes.subarray(0, 32).toString('base64url'),
    digest: hmac.digest('base64url'),
    cipherKey: bytes.subarray(64),
  }
}

/** Encrypts an answer for its request alone: AES-256-GCM, over what gzip leaves of the JSON. */
export async function sealAnswer({ key, digest, cipherKey }: KeyedRequest, answer: unknown): Promise<string> {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', cipherKey, iv).setAAD(Buffer.from(key + digest))
  const plain = await promisify(gzip)(JSON.stringify(answer))
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** @throws Error for what `sealAnswer` has not made for this request */
export async function openAnswer({ key, digest, cipherKey }: KeyedRequest, sealed: string): Promise<unknown> {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', cipherKey, bytes.subarray(0, 12)).setAAD(Buffer.from(key + digest))
  decipher.setAuthTag(bytes.subarray(-16))
  const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
  return JSON.parse((await promisify(gunzip)(plain)).toString())
}
