import { z } from 'zod'
import { bulkLimit } from '#shared/people/bulk-limit.ts'
import { languages } from '#shared/dates.ts'
import { boolean, choice, email, identifier, rawText, reference, text } from './fields.ts'

/** The fields that users set themselves. */
const personal = {
  first_name: text(150, { blank: true }).optional(),
  last_name: text(150, { blank: true }).optional(),
  language: choice(languages).nullable().optional(),
}

/** The fields that only an Admin sets. */
const employment = {
  role: choice(['Admin', 'Staff']).optional(),
  department: reference().nullable().optional(),
  employee_id: identifier(64, { blank: true })
    .transform(value => value || null)
    .nullable()
    .optional(),
  is_active: boolean().optional(),
}

/** What users can change of their own account; other fields are ignored. */
export const profileSchema = z.object({
  ...personal,
  photo: z.null({ error: 'The submitted data was not a file. Check the encoding type on the form.' }).optional(),
})

/** What an Admin can change of any user; the address only of others. */
export const userChangeSchema = z.object({ email: email().optional(), ...personal, ...employment })

/** A bulk action: the same for each user. */
export const bulkSchema = z
  .object({
    action: choice(['move', 'set_role', 'deactivate', 'reactivate', 'send_link']),
    ids: z
      .array(reference(), 'Expected a list of items.')
      .min(1, 'This list may not be empty.')
      .max(bulkLimit, `Ensure this field has no more than ${bulkLimit} elements.`),
    /** The target of `move`; null: no department. */
    department: employment.department,
    /** The new role of `set_role`. */
    role: employment.role,
  })
  .superRefine(({ action, department, role }, context) => {
    if (action === 'move' && department === undefined)
      context.addIssue({ code: 'custom', path: ['department'], message: 'This field is required.' })
    if (action === 'set_role' && role === undefined)
      context.addIssue({ code: 'custom', path: ['role'], message: 'This field is required.' })
  })

/** A user without a password. */
export const userWithoutPasswordSchema = z.object({ email: email(), ...personal, ...employment })

/**
 * A user created by an Admin. Without a password, they get a mail with a link to set one. The password rules are in
 * server/domain/users/password-rules.ts.
 */
export const newUserSchema = z
  .object({
    email: email(),
    password: rawText(4096)
      .nullish()
      .transform(value => value ?? null),
    re_password: rawText(4096).nullish(),
    ...personal,
    ...employment,
  })
  .refine(({ password, re_password }) => (re_password ?? password) === password, mismatch())

/** Self-registration: only these fields are accepted, others are ignored. */
export const registrationSchema = z
  .object({
    email: email(),
    password: rawText(4096),
    re_password: rawText(4096).optional(),
    ...personal,
  })
  .refine(({ password, re_password }) => re_password === undefined || re_password === password, mismatch())

export const deleteUserSchema = z.object({ current_password: rawText(4096) })

export const setPasswordSchema = z
  .object({
    current_password: rawText(4096),
    new_password: rawText(4096),
    re_new_password: rawText(4096).optional(),
  })
  .refine(sameNewPassword, mismatch())

/** Both parts of a mailed link. */
export const linkSchema = z.object({ uid: text(128), token: text(128) })

/** The same, with what the link is for. */
export const linkLookupSchema = linkSchema.extend({ purpose: choice(['reset', 'activation', 'email']) })

/** Requests a mail for an address. */
export const mailboxSchema = z.object({ email: email() })

export const setEmailSchema = z
  .object({
    new_email: email(),
    current_password: rawText(4096),
    re_new_email: email().optional(),
  })
  .refine(({ new_email, re_new_email }) => re_new_email === undefined || re_new_email === new_email, {
    error: "The two email fields didn't match.",
    path: ['non_field_errors'],
  })

export const resetPasswordConfirmSchema = z
  .object({
    ...linkSchema.shape,
    new_password: rawText(4096),
    re_new_password: rawText(4096).optional(),
  })
  .refine(sameNewPassword, mismatch())

function sameNewPassword(input: { new_password: string; re_new_password?: string }): boolean {
  return input.re_new_password === undefined || input.re_new_password === input.new_password
}

function mismatch() {
  return { error: "The two password fields didn't match.", path: ['non_field_errors'] }
}
