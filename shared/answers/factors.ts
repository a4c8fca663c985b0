import { z } from 'zod'
import { count, id, time } from './fields.ts'

/** Second factors and passkeys. */
export const factorKind = z.enum(['totp', 'passkey'])

export const factorAnswer = z.strictObject({
  id: id(),
  kind: factorKind,
  name: z.string(),
  created: time(),
  last_used: time().nullable(),
  backed_up: z.boolean().optional().describe('Of a passkey: whether it is synchronised between devices.'),
})
export type Factor = z.output<typeof factorAnswer>

export const factorsAnswer = z.strictObject({
  factors: z.array(factorAnswer),
  recovery_codes_left: count(),
  required: z.boolean().describe('Whether the organisation requires a second factor of the user.'),
  required_from: time().nullable().describe('From when sign-in without one only allows adding one.'),
})

/** What an Admin sees of another user's factors. */
export const userFactorsAnswer = factorsAnswer.extend({
  factors: z.array(factorAnswer.omit({ id: true, name: true })),
})

const recoveryCodes = z.array(z.string()).describe('Each works once. They are not shown again.')

export const newTotpAnswer = z.strictObject({
  id: id(),
  secret: z.string().describe('In base32, to type it.'),
  otpauth_url: z.string(),
  qr: z.string().describe('The same as an SVG image.'),
})
export type NewTotp = z.output<typeof newTotpAnswer>

export const confirmedTotpAnswer = z.strictObject({
  recovery_codes: recoveryCodes.nullable().describe('Null if there are some already.'),
})

export const newPasskeyAnswer = factorAnswer.extend({
  recovery_codes: recoveryCodes.nullable().describe('Null if there are some already.'),
})

export const recoveryCodesAnswer = z.strictObject({ recovery_codes: recoveryCodes })

/** As WebAuthn Level 3 defines it: `PublicKeyCredentialCreationOptionsJSON` and `…RequestOptionsJSON`. */
export const creationOptionsAnswer = z.looseObject({ challenge: z.string() })
export const requestOptionsAnswer = z.looseObject({ challenge: z.string() })

/** A browser in which the user need not give a second factor. */
export const deviceAnswer = z.strictObject({
  id: id(),
  created: time(),
  last_used: time(),
  expires_at: time(),
  user_agent: z.string().nullable(),
  ip: z.string().nullable(),
})
export type Device = z.output<typeof deviceAnswer>
export const devicesAnswer = z.strictObject({ devices: z.array(deviceAnswer) })

export const relatedOriginsAnswer = z.strictObject({ origins: z.array(z.string()) })
