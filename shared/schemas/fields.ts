import { z } from 'zod'

/** Builders of single fields, with Django REST framework's texts, which existing clients show as they are. */

const required = 'This field is required.'
const blank = 'This field may not be blank.'
const malformedMoment = 'Enter a valid day or time, as in 2026-01-31 or 2026-01-31T12:00:00Z.'

/** A string as it came, never trimmed: passwords and tokens. */
export function rawText(max: number) {
  // In a pipe, as a length would also be asked of a list.
  return z.string({ error: issue => missingOr(issue.input, 'Not a valid string.') }).pipe(
    z
      .string()
      .min(1, { error: blank, abort: true })
      .max(max, { error: `Ensure this field has no more than ${max} characters.`, abort: true })
      .refine(value => value.isWellFormed(), { error: 'Not a valid string.', abort: true })
      .refine(value => !value.includes('\0'), 'Null characters are not allowed.'),
  )
}

/** A trimmed single line; `blank: true` lets it be empty. */
export function text(max: number, options: { blank?: boolean } = {}) {
  return line().pipe(plainText(max, options))
}

/**
 * A line by which something is found or told apart, such as a name that no other may have: in the one form that is
 * stored and compared, as of `cleanIdentifier`.
 */
export function identifier(max: number, options: { blank?: boolean } = {}) {
  return line().transform(cleanIdentifier).pipe(plainText(max, options))
}

/** An e-mail address in the one form that is stored and compared: as an identifier, in lower case. */
export function email() {
  return line()
    .transform(cleanIdentifier)
    .pipe(
      z
        .string()
        .min(1, { error: blank, abort: true })
        .max(254, { error: 'Ensure this field has no more than 254 characters.', abort: true })
        .transform(foldEmail)
        .pipe(z.string().regex(emailPattern, 'Enter a valid email address.')),
    )
}

/** The same of an address that may be none, as someone types it to be found. */
export function foldEmail(address: string): string {
  return cleanIdentifier(address).toLowerCase().normalize('NFC')
}

/**
 * A text without what people do not see: composed (NFC), each run of blanks one space, nothing invisible or
 * directional.
 */
export function cleanIdentifier(value: string): string {
  return value.replaceAll(invisible, '').normalize('NFC').replaceAll(/\s+/g, ' ').trim()
}

// Formats and what programs show nothing for: joiners, directions, soft hyphens, fillers, variation selectors, tags.
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

function plainText(max: number, options: { blank?: boolean }) {
  // Control characters would speak to a terminal, directional ones turn the text around them.
  const plain = z.string().refine(value => !/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u.test(value), {
    error: 'Control characters are not allowed.',
    abort: true,
  })
  const tooLong = `Ensure this field has no more than ${max} characters.`
  return options.blank ? plain.max(max, tooLong) : plain.min(1, { error: blank, abort: true }).max(max, tooLong)
}

function line() {
  return z
    .string({ error: issue => missingOr(issue.input, 'Not a valid string.') })
    .refine(value => value.isWellFormed(), { error: 'Not a valid string.', abort: true })
    .refine(value => !value.includes('\0'), { error: 'Null characters are not allowed.', abort: true })
    .refine(value => !/[\r\n\u2028\u2029]/.test(value), { error: 'Line breaks are not allowed.', abort: true })
    .transform(value => value.trim())
}

// One @, no blanks or control characters, a domain of labels; whether it exists only a mail can tell.
const emailPattern =
  /^[^\s@"<>()[\]\\,;:\p{Cc}]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])$/u

export function choice<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, {
    error: issue => missingOr(issue.input, `"${printable(issue.input)}" is not a valid choice.`),
  })
}

export function boolean() {
  return z.boolean({ error: issue => missingOr(issue.input, 'Must be a valid boolean.') })
}

/** A parameter of an address that is `true` or `false`, and the latter where it is missing. */
export function flag() {
  return choice(['true', 'false'])
    .default('false')
    .transform(value => value === 'true')
}

export function integer(min: number, max: number) {
  return z
    .int({ error: issue => missingOr(issue.input, 'A valid integer is required.') })
    .min(min, `Ensure this value is greater than or equal to ${min}.`)
    .max(max, `Ensure this value is less than or equal to ${max}.`)
}

/** A moment, or a day of UTC, of which `ofDay` says the moment, such as `T23:59:59.999Z`. */
export function moment(ofDay: string) {
  return (
    z
      .string({ error: issue => missingOr(issue.input, malformedMoment) })
      .transform(value => (/^\d{4}-\d{2}-\d{2}$/.test(value) ? value + ofDay : value))
      .pipe(z.iso.datetime({ offset: true, error: malformedMoment, abort: true }))
      .transform(value => new Date(value))
      // PostgreSQL has no year 0, and takes none of five digits as JavaScript writes it; an offset leads to both.
      .refine(value => value.getUTCFullYear() > 0 && value.getUTCFullYear() < 10_000, malformedMoment)
  )
}

/** The id of a row; whether the row is there is the handler's to say, with the same text. */
export function reference() {
  return z
    .string({
      error: issue => missingOr(issue.input, `Incorrect type. Expected pk value, received ${jsonType(issue.input)}.`),
    })
    .regex(uuidPattern, { error: issue => noSuchObject(String(issue.input)) })
}

/** @returns the text for a reference to a row that is not there */
export function noSuchObject(id: string): string {
  return `Invalid pk "${printable(id)}" - object does not exist.`
}

export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function missingOr(input: unknown, message: string): string {
  if (input === undefined) return required
  return input === null ? 'This field may not be null.' : message
}

function printable(input: unknown): string {
  const shown = typeof input === 'string' ? input : (JSON.stringify(input) ?? '')
  return shown.length > 100 ? `${shown.slice(0, 100)}…` : shown
}

/** @returns Python's name of a JSON value's type, which is what DRF's texts speak */
export function jsonType(input: unknown): string {
  if (Array.isArray(input)) return 'list'
  if (typeof input === 'number') return Number.isInteger(input) ? 'int' : 'float'
  return ({ string: 'str', boolean: 'bool', object: 'dict' } as Record<string, string>)[typeof input] ?? 'NoneType'
}
