import { z } from 'zod'
import { languages } from '#shared/dates.ts'
import { boolean, choice, email, identifier, rawText, reference, text } from './fields.ts'

/** What a person says of herself. */
const personal = {
  first_name: text(150, { blank: true }).optional(),
  last_name: text(150, { blank: true }).optional(),
  language: choice(languages).nullable().optional(),
}

/** What only an Admin sets, of others. */
const employment = {
  role: choice(['Admin', 'Staff']).optional(),
  department: reference().nullable().optional(),
  employee_id: identifier(64, { blank: true })
    .transform(value => value || null)
    .nullable()
    .optional(),
  is_active: boolean().optional(),
}

/** What a person changes of herself; every other field is ignored. */
export const profileSchema = z.object({
  ...personal,
  photo: z.null({ error: 'The submitted data was not a file. Check the encoding type on the form.' }).optional(),
})

/** What an Admin changes of anyone. */
export const userChangeSchema = z.object({ ...personal, ...employment })

const bulkLimit = 100

/** What an Admin does with many people at once: the same to each. */
export const bulkSchema = z
  .object({
    action: choice(['move', 'set_role', 'deactivate', 'reactivate', 'send_link']),
    ids: z
      .array(reference(), 'Expected a list of items.')
      .min(1, 'This list may not be empty.')
      .max(bulkLimit, `Ensure this field has no more than ${bulkLimit} elements.`),
    /** Where `move` leads; null: nowhere. */
    department: employment.department,
    /** What `set_role` makes of them. */
    role: employment.role,
  })
  .superRefine(({ action, department, role }, context) => {
    if (action === 'move' && department === undefined)
      context.addIssue({ code: 'custom', path: ['department'], message: 'This field is required.' })
    if (action === 'set_role' && role === undefined)
      context.addIssue({ code: 'custom', path: ['role'], message: 'This field is required.' })
  })

/** A person, without a password. */
export const newPersonSchema = z.object({ email: email(), ...personal, ...employment })

/**
 * A person created by an Admin; without a password she gets a mail to set one. Its own rules are in
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

/** A person who registers herself: what else is sent is not hers to say. */
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

/** Both parts of a link that a mail brought. */
export const linkSchema = z.object({ uid: text(128), token: text(128) })

/** Where a mail is asked for by its address. */
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
