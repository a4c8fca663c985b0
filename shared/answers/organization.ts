import { z } from 'zod'
import { secondFactorPolicies } from '#shared/factors/policy.ts'
import { count, etag, id, language } from './fields.ts'

/** An organisation as its own users see it. */
export const organizationAnswer = z.strictObject({
  id: id(),
  name: z.string(),
  business_email: z.string(),
  business_phone_number: z.string(),
  subdomain: z.string(),
  tenant_id: z.string(),
  registration: z.enum(['invite_only', 'open']),
  registration_domains: z.array(z.string()),
  password_min_length: count(),
  language: language
    .nullable()
    .describe(
      "Language of pages and mails for users who have not chosen one; null: pages in the browser's language, mails in English.",
    ),
  allows_support: z.boolean().describe('Whether operators of the platform may sign in as one of its users.'),
  second_factor: z.enum(secondFactorPolicies).describe('Who must have a second factor.'),
  second_factor_grace: count().describe('Days that a user has until then.'),
  logo: z.string().nullable().describe('URL path of the logo.'),
  brand_color: z
    .string()
    .nullable()
    .describe('The colour, such as `#1d4ed8`, and black or white, whichever is readable on it.'),
  brand_text_color: z.string().nullable(),
  etag: etag(),
})
export type Organization = z.output<typeof organizationAnswer>

/** An organisation's look and language, for visitors who have not signed in. */
export const brandingAnswer = organizationAnswer.pick({
  logo: true,
  brand_color: true,
  brand_text_color: true,
  language: true,
})
export type Branding = z.output<typeof brandingAnswer>

export const namedBrandingAnswer = brandingAnswer.extend({ name: z.string() })
