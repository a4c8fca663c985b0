import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Secret } from '#server/config/secrets.ts'
import { altered, sealEntry } from './format.ts'

/**
 * The signature of a manifest, which also covers everything else by its checksums. SHA-256 proves that it is complete,
 * and an HMAC with a key derived from SECRET proves that this installation made it.
 * @returns the signature, always of the same length
 */
export function makeSeal(manifest: Buffer, { current }: Secret): Buffer {
  return sealWith(manifest, current)
}

function sealWith(manifest: Buffer, secret: string): Buffer {
  return Buffer.from(
    `${JSON.stringify({ sha256: createHash('sha256').update(manifest).digest('hex'), hmac: hmacOf(manifest, secret) })}\n`,
  )
}

export const sealSize = sealWith(Buffer.alloc(0), '').length

/**
 * @returns with which SECRET of this installation it was signed, if with any
 * @throws ApiError 400 when the manifest is not the one that was signed
 */
export function signedWith(seal: Buffer, manifest: Buffer, secret: Secret): 'current' | 'fallback' | undefined {
  const expected = makeSeal(manifest, secret)
  const hashEnd = seal.indexOf(',')
  if (seal.length !== expected.length || !seal.subarray(0, hashEnd).equals(expected.subarray(0, hashEnd)))
    throw altered(sealEntry)
  if (!/^,"hmac":"[0-9a-f]{64}"\}\n$/.test(seal.toString('latin1', hashEnd))) throw altered(sealEntry)
  if (timingSafeEqual(seal, expected)) return 'current'
  if (secret.fallback === undefined) return undefined
  return timingSafeEqual(seal, sealWith(manifest, secret.fallback)) ? 'fallback' : undefined
}

function hmacOf(manifest: Buffer, secret: string): string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'tenantry archives', 32))
  return createHmac('sha256', key).update(manifest).digest('hex')
}
