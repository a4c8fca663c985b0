import { z } from 'zod'
import { languages } from '#shared/dates.ts'
import { choice, email, identifier, text } from './fields.ts'
import { subdomainSchema } from './tenant.ts'

/** Asking for an organisation on the site; the one who asks becomes its first Admin. */
export const signupSchema = z.object({
  name: identifier(150),
  subdomain: subdomainSchema,
  email: email(),
  language: choice(languages).default('en'),
})

/** What a subdomain is wanted for: a name that it is made of, or itself. */
export const subdomainQuery = z.object({
  name: identifier(150).optional(),
  subdomain: identifier(63)
    .transform(value => value.toLowerCase())
    .optional(),
})

/** The token of the mail's link. */
export const signupTokenSchema = z.object({ token: text(128) })

/** Confirming; with another name or subdomain, where somebody else was first. */
export const signupConfirmationSchema = signupTokenSchema.extend({
  name: identifier(150).optional(),
  subdomain: subdomainSchema.optional(),
})

/** Why not, in words for the one who asked. */
export const refusalSchema = z.object({ reason: text(500, { blank: true }).default('') })
