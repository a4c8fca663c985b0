import { z } from 'zod'
import { foldEmail, identifier, rawText } from './fields.ts'

/** Signing in. The address is not validated: a malformed one is just unknown. */
export const credentialsSchema = z.object({
  email: identifier(254).transform(foldEmail),
  password: rawText(4096),
})

export const refreshSchema = z.object({ refresh: rawText(8192) })
