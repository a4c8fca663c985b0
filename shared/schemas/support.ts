import { z } from 'zod'
import { boolean, rawText, reference, text } from './fields.ts'

/** Signs in as a tenant's user. The tenant's Admins can read the reason. */
export const supportRequestSchema = z.object({
  user: reference(),
  reason: text(500),
  is_read_only: boolean().default(true),
})

/** The token of the link that opens the session. */
export const supportTokenSchema = z.object({ token: rawText(128) })
