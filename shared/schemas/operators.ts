import { z } from 'zod'
import { boolean, choice, email, rawText, text } from './fields.ts'

/** Shown as Owner, Support and Read-only. */
export const operatorRoles = ['Admin', 'Support', 'Staff'] as const

const fields = {
  first_name: text(150, { blank: true }).optional(),
  last_name: text(150, { blank: true }).optional(),
  role: choice(operatorRoles).optional(),
  is_active: boolean().optional(),
}

/** The fields that an Owner can change of any operator. */
export const operatorChangeSchema = z.object(fields)

/** An operator to invite: a mail has a link to set a password. */
export const operatorInvitationSchema = z.object({ email: email(), ...fields })

/** The same with an optional password, for API clients. */
export const newOperatorSchema = operatorInvitationSchema
  .extend({
    password: rawText(4096)
      .nullish()
      .transform(value => value ?? null),
    re_password: rawText(4096).nullish(),
  })
  .refine(({ password, re_password }) => (re_password ?? password) === password, {
    error: "The two password fields didn't match.",
    path: ['non_field_errors'],
  })
