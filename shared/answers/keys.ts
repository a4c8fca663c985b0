import { z } from 'zod'
import { count, id, time } from './fields.ts'

export const keyState = z.enum(['next', 'current', 'previous'])
export type KeyState = z.output<typeof keyState>

/** A signing key. */
export const signingKeyAnswer = z.strictObject({
  kid: z.string(),
  state: keyState,
  created: time(),
  activated_at: time(),
  retired_at: time().nullable(),
  expires_at: time().nullable().describe('When the last token that it signed expires.'),
  sessions: count().describe('Number of live sessions that hold a token that it signed.'),
})

/** The state of a tenant's signing keys; null if its schema cannot be read. */
export const tenantKeysAnswer = z.strictObject({
  tenant: z.strictObject({
    id: id(),
    name: z.string(),
    subdomain: z.string(),
  }),
  keys: z
    .strictObject({
      current: z.string().describe('Its kid.'),
      since: time(),
      next_from: time().nullable().describe('When the next key replaces it, if there is one.'),
      draining: count().describe('Number of live sessions that hold a token of a former key.'),
    })
    .nullable(),
})
export type TenantKeys = z.output<typeof tenantKeysAnswer>

/** A new key, and when it begins to sign. */
export const rotationAnswer = z.strictObject({ kid: z.string(), signs_from: time() })

/** The public keys of a host, as a JWK Set (RFC 7517, 5). */
export const keySetAnswer = z.strictObject({
  keys: z.array(
    z.strictObject({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      use: z.literal('sig'),
      alg: z.literal('EdDSA'),
      kid: z.string(),
      x: z.string().describe('The public key, in base64url.'),
    }),
  ),
})
