import { z } from 'zod'
import { boolean, rawText, text } from './fields.ts'

const name = text(100)

/** Bytes in base64url, as in WebAuthn's JSON. @param max characters */
function bytes(max: number) {
  return rawText(max).pipe(z.string().regex(/^[\w-]+$/, 'Not valid base64url.'))
}

// Only what is verified; clients send more, which is dropped.
const credential = <Response extends z.ZodObject>(response: Response) =>
  z.object({
    id: bytes(1_400),
    rawId: bytes(1_400),
    type: z.literal('public-key'),
    clientExtensionResults: z.object({}).default({}),
    authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional().catch(undefined),
    response,
  })

const assertion = credential(
  z.object({
    clientDataJSON: bytes(4_096),
    authenticatorData: bytes(4_096),
    // The largest is that of ML-DSA-87: 4,627 bytes.
    signature: bytes(8_192),
    userHandle: bytes(128)
      .nullish()
      .transform(value => value ?? undefined),
  }),
)

const attestation = credential(
  z.object({
    clientDataJSON: bytes(4_096),
    attestationObject: bytes(32_768),
    transports: z
      .array(z.enum(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']))
      .max(8)
      .optional()
      .catch(undefined),
  }),
)

/** People write codes in groups: `123 456`. */
const code = rawText(32)
  .transform(value => value.replace(/[\s-]/g, ''))
  .pipe(z.string().regex(/^\d{6}$/, 'Enter the 6 digits of the code.'))

const exactlyOne = (fields: string[]) => ({
  check: (value: object) =>
    fields.filter(field => (value as Record<string, unknown>)[field] !== undefined).length === 1,
  message: `Send exactly one of ${fields.slice(0, -1).join(', ')} and ${fields.at(-1)}.`,
})

export const newTotpSchema = z.object({ name: name.optional() })

export const confirmTotpSchema = z.object({ code })

export const newPasskeySchema = z.object({ name: name.optional(), credential: attestation })

export const factorNameSchema = z.object({ name })

const methods = exactlyOne(['code', 'recovery_code', 'credential'])

export const secondFactorSchema = z
  .object({
    challenge: rawText(128),
    code: code.optional(),
    recovery_code: rawText(64).optional(),
    credential: assertion.optional(),
  })
  .refine(methods.check, methods.message)

export const rememberedSecondFactorSchema = z
  .object({ ...secondFactorSchema.shape, remember_device: boolean().default(false) })
  .refine(methods.check, methods.message)

export const passkeyOptionsSchema = z.object({ challenge: rawText(128).optional() })

export const passkeySchema = z.object({ credential: assertion })

const proofs = exactlyOne(['current_password', 'code', 'credential'])

export const reauthenticationSchema = z
  .object({
    current_password: rawText(4_096).optional(),
    code: code.optional(),
    credential: assertion.optional(),
  })
  .refine(proofs.check, proofs.message)
