import { z } from 'zod'
import { languages } from '#shared/dates.ts'
import { secondFactorPolicies } from '#shared/factors/policy.ts'
import { boolean, choice, email, identifier, integer, text } from './fields.ts'
import { phoneSchema } from './tenants.ts'

const domain = identifier(253).pipe(
  z
    .string()
    .transform(value => value.toLowerCase())
    .pipe(
      z
        .string()
        .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'Enter a domain such as example.org.'),
    ),
)

const color = text(7).pipe(
  z
    .string()
    .transform(value => value.toLowerCase())
    .pipe(z.string().regex(/^#[0-9a-f]{6}$/, 'Enter a colour such as #1d4ed8.')),
)

/** The fields that an organisation's Admins can change. */
export const organizationSchema = z.object({
  name: identifier(150).optional(),
  business_email: email().optional(),
  business_phone_number: phoneSchema.optional(),
  registration: choice(['invite_only', 'open']).optional(),
  registration_domains: z
    .array(domain, 'Expected a list of items.')
    .max(50, 'Ensure this field has no more than 50 elements.')
    .optional(),
  brand_color: color.nullable().optional(),
  password_min_length: integer(12, 64).optional(),
  language: choice(languages).nullable().optional(),
  allows_support: boolean().optional(),
  second_factor: choice(secondFactorPolicies).optional(),
  second_factor_grace: integer(0, 30).optional(),
})
