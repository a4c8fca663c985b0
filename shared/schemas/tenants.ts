import { z } from 'zod'
import { languages } from '#shared/dates.ts'
import { isReserved } from '#shared/subdomains.ts'
import { boolean, choice, email, identifier, text } from './fields.ts'

/** A DNS label of 2 to 40 characters that is not reserved; converted to lower case. */
export const subdomainSchema = identifier(63).pipe(
  z
    .string()
    .transform(value => value.toLowerCase())
    .pipe(
      z
        .string()
        .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$/, {
          error: 'Enter 2 to 40 characters: letters a to z, digits and hyphens, with no hyphen at either end.',
          abort: true,
        })
        // Hyphens in third and fourth place mark encoded labels such as xn--…, RFC 5890, 2.3.1.
        .refine(value => value.slice(2, 4) !== '--', {
          error: 'Hyphens in third and fourth place are not allowed.',
          abort: true,
        })
        .refine(value => !isReserved(value), 'This subdomain is reserved.'),
    ),
)

/** A phone number in a usual format, or nothing. */
export const phoneSchema = identifier(32, { blank: true }).pipe(
  z.string().refine(value => value === '' || /^\+?[0-9 ()./-]{3,32}$/.test(value), 'Enter a valid phone number.'),
)

export const newTenantSchema = z.object({
  name: identifier(150),
  subdomain: subdomainSchema,
  business_email: email(),
  business_phone_number: phoneSchema.default(''),
  admin_email: email(),
})

/** The fields that operators can change of a tenant. */
export const tenantChangeSchema = newTenantSchema
  .pick({ name: true, subdomain: true, business_email: true })
  .extend({ business_phone_number: phoneSchema })
  .partial()

const reason = text(500, { blank: true })
  .transform(value => value || null)
  .nullable()
  .default(null)

export const suspensionSchema = z.object({ reason })

/** `now` deletes at once, with the subdomain typed again as a confirmation. */
export const deletionSchema = z.object({ reason, now: boolean().default(false), subdomain: identifier(63).optional() })

/** A custom domain of an organisation: at least two labels, in lower case, the last of which is not a number. */
export const domainSchema = z.object({
  host: identifier(253).pipe(
    z
      .string()
      .transform(value => value.toLowerCase().replace(/\.$/, ''))
      .pipe(
        z
          .string()
          .regex(
            /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
            'Enter a domain name, such as staff.example.org.',
          ),
      ),
  ),
})

/** The organisation finder: by the public slug such as `ACM-7702`, or the subdomain. */
export const tenantInfoSchema = z
  .object({ tenant_id: identifier(253).optional(), subdomain: identifier(63).optional() })
  .refine(({ tenant_id, subdomain }) => tenant_id !== undefined || subdomain !== undefined, {
    path: ['tenant_id'],
    error: 'This field is required.',
  })

/** The request for what a user types into the finder: an ID, a subdomain, or an address, whose first label is one. */
export function tenantHint(text: string): { tenant_id: string; subdomain: string | undefined } {
  const subdomain = text.replace(/^https?:\/\//, '').split(/[.:/]/)[0]
  return { tenant_id: text, subdomain: subdomain || undefined }
}

/** The organisation finder by mail. */
export const tenantInfoMailSchema = z.object({ email: email(), language: choice(languages).default('en') })
