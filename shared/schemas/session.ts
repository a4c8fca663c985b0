import { z } from 'zod'
import { rawText, text } from './fields.ts'

/** Signing in. The address is not checked for form: a wrong one is just unknown. */
export const credentialsSchema = z.object({
  email: text(254).transform(value => value.normalize('NFC').toLowerCase()),
  password: rawText(4096),
})

export const refreshSchema = z.object({ refresh: rawText(8192) })
