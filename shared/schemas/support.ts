import { z } from 'zod'
import { boolean, rawText, reference, text } from './fields.ts'

/** Signing in as a tenant's user: the reason is for the tenant's admins to read. */
export const supportRequestSchema = z.object({
  user: reference(),
  reason: text(500),
  is_read_only: boolean().default(true),
})

/** The token of the link by which it is opened. */
export const supportTokenSchema = z.object({ token: rawText(128) })
