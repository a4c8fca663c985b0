import { z } from 'zod'
import { languages } from '#shared/dates.ts'
import { choice, email, rawText, reference, text } from './fields.ts'

/** A person to invite. */
export const invitationSchema = z.object({
  email: email(),
  role: choice(['Admin', 'Staff']).default('Staff'),
  department: reference().nullable().default(null),
})

/** The error where the address is that of someone who can be reactivated instead. */
export const deactivatedText = 'A deactivated user has this email. Reactivate that account instead.'

export const invitationRowsLimit = 500

/**
 * Many invitations: a list, or a CSV text whose first line has the column names, `email` and optionally `role` and
 * `department` (by name). Each row is validated on its own, with `invitationSchema`.
 */
export const invitationsSchema = z
  .object({
    invitations: z
      .array(z.unknown(), 'Expected a list of items.')
      .max(invitationRowsLimit, `Ensure this field has no more than ${invitationRowsLimit} elements.`)
      .optional(),
    csv: rawText(500_000).optional(),
  })
  .refine(({ invitations, csv }) => (invitations === undefined) !== (csv === undefined), {
    error: 'Send either invitations or csv.',
    path: ['non_field_errors'],
  })

export const invitationTokenSchema = z.object({ token: text(128) })

export const acceptInvitationSchema = z
  .object({
    token: text(128),
    first_name: text(150),
    // Many people have one name only.
    last_name: text(150, { blank: true }).default(''),
    language: choice(languages).nullable().optional(),
    password: rawText(4096),
    re_password: rawText(4096).optional(),
  })
  .refine(({ password, re_password }) => re_password === undefined || re_password === password, {
    error: "The two password fields didn't match.",
    path: ['non_field_errors'],
  })
