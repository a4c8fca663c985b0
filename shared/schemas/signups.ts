import { z } from 'zod'
import { languages } from '#shared/dates.ts'
import { choice, email, identifier, text } from './fields.ts'
import { subdomainSchema } from './tenants.ts'

/** Signs an organisation up on the site; the requester becomes its first Admin. */
export const signupSchema = z.object({
  name: identifier(150),
  subdomain: subdomainSchema,
  email: email(),
  first_name: text(150, { blank: true }).default(''),
  last_name: text(150, { blank: true }).default(''),
  language: choice(languages).default('en'),
})

/** A name to derive a subdomain from, or a subdomain to check. */
export const subdomainQuery = z.object({
  name: identifier(150).optional(),
  subdomain: identifier(63)
    .transform(value => value.toLowerCase())
    .optional(),
})

/** The token in the mail's link. */
export const signupTokenSchema = z.object({ token: text(128) })

/** Confirms a sign-up, with another name or subdomain if they were taken meanwhile. */
export const signupConfirmationSchema = signupTokenSchema.extend({
  name: identifier(150).optional(),
  subdomain: subdomainSchema.optional(),
})

/** The reason for the refusal, for the requester. */
export const refusalSchema = z.object({ reason: text(500, { blank: true }).default('') })
