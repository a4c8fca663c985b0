import { z } from 'zod'

/** Builders of single fields, with Django REST framework's texts, which existing clients show as they are. */

const required = 'This field is required.'
const blank = 'This field may not be blank.'
const malformedMoment = 'Enter a valid day or time, as in 2026-01-31 or 2026-01-31T12:00:00Z.'

/** An unchanged text, never trimmed: passwords and tokens. */
export function rawText(max: number) {
  // In a pipe, because the length check would also accept a list.
  return z.string({ error: issue => missingOr(issue.input, 'Not a valid string.') }).pipe(
    z
      .string()
      .min(1, { error: blank, abort: true })
      .max(max, { error: `Ensure this field has no more than ${max} characters.`, abort: true })
      .refine(value => value.isWellFormed(), { error: 'Not a valid string.', abort: true })
      .refine(value => !value.includes('\0'), 'Null characters are not allowed.'),
  )
}

/** A text to search for, in a URL; there is no rule for its form, because one that nothing has finds nothing. */
export function soughtText(max: number) {
  return z
    .string()
    .max(max, `Ensure this field has no more than ${max} characters.`)
    .refine(value => !value.includes('\0') && value.isWellFormed(), 'Null characters are not allowed.')
}

/** A trimmed single line; `blank: true` lets it be empty. */
export function text(max: number, options: { blank?: boolean } = {}) {
  return line().pipe(plainText(max, options))
}

/**
 * A line that identifies something, such as a unique name: in the normalised form of `cleanIdentifier`, which is
 * stored and compared. No word mixes alphabets whose letters look alike.
 */
export function identifier(max: number, options: { blank?: boolean } = {}) {
  return line()
    .transform(cleanIdentifier)
    .pipe(plainText(max, options).refine(value => !mixesAlphabets(value), 'Use letters of one alphabet in each word.'))
}

/** An e-mail address, normalised like an identifier and in lower case. */
export function email() {
  return line()
    .transform(cleanIdentifier)
    .pipe(
      z
        .string()
        .min(1, { error: blank, abort: true })
        .max(254, { error: 'Ensure this field has no more than 254 characters.', abort: true })
        .transform(foldEmail)
        .pipe(
          z
            .string()
            .regex(emailPattern, 'Enter a valid email address.')
            .refine(value => !mixesAlphabets(value), 'Enter a valid email address.'),
        ),
    )
}

/** The same for a text that may not be a valid address, as typed into a search. */
export function foldEmail(address: string): string {
  const [local, ...domain] = cleanIdentifier(address).toLowerCase().normalize('NFC').split('@')
  // Compatible letters, such as full-width ones, are one domain.
  return [local, ...domain.map(part => part.normalize('NFKC'))].join('@')
}

/**
 * Normalises a text by what people can see: NFC, each run of blanks as one space, no invisible or directional
 * characters.
 */
export function cleanIdentifier(value: string): string {
  return value.replaceAll(invisible, '').normalize('NFC').replaceAll(/\s+/g, ' ').trim()
}

// Characters that are not displayed: joiners, directions, soft hyphens, fillers, variation selectors, tags, those for
// private use, and a few that Unicode counts as visible but that fonts show as nothing.
const invisible =
  /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Co}\p{Noncharacter_Code_Point}\u2800\uFFFC\u{1D159}]|\u{16FE4}/gu

/** Whether one word has Latin letters and others that look like Latin ones, as `Acme` with a Cyrillic A. */
function mixesAlphabets(value: string): boolean {
  const words = value.split(/[^\p{L}\p{M}]+/u)
  return words.some(word => /\p{Script=Latin}/u.test(word) && likeLatin.test(word))
}

// Letters of Cyrillic and Greek, and all of three alphabets that few people read beside Latin.
const likeLatin =
  /[АВЕЅІЈКМНОРСТУХҮаеорсухіјѕһԁԛԝӏАΑΒΕΖΗΙΚΜΝΟΡΤΥΧαινορυχ\p{Script=Coptic}\p{Script=Armenian}\p{Script=Cherokee}]/u

function plainText(max: number, options: { blank?: boolean }) {
  // Control characters can be terminal commands; directional characters reverse the text around them.
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

// One @, no blanks or control characters, a domain of labels. Only a mail can prove that it exists.
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

/** A URL parameter `true` or `false`; false if it is missing. */
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

/** A time, or a day such as `2026-01-31`, which stays a text: its time zone is another parameter. */
export function dayOrMoment() {
  return z
    .string({ error: issue => missingOr(issue.input, malformedMoment) })
    .transform((value, context): string | Date => {
      if (day.safeParse(value).success && isPlainYear(Number(value.slice(0, 4)))) return value
      const time = new Date(value)
      if (instant.safeParse(value).success && isPlainYear(time.getUTCFullYear())) return time
      context.addIssue(malformedMoment)
      return z.NEVER
    })
}

const day = z.iso.date()
const instant = z.iso.datetime({ offset: true })

// PostgreSQL has no year 0 and rejects JavaScript's format of five-digit years; an offset can produce both. JavaScript
// takes the years up to 99 for those of the last century.
function isPlainYear(year: number): boolean {
  return year >= 1_000 && year < 9_999
}

/** The id of a row. The handler checks whether the row exists, with the same text. */
export function reference() {
  return z
    .string({
      error: issue => missingOr(issue.input, `Incorrect type. Expected pk value, received ${jsonType(issue.input)}.`),
    })
    .regex(uuidPattern, { error: issue => noSuchObject(String(issue.input)) })
}

/** @returns the text for a reference to a missing row */
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

/** @returns Python's name of a JSON value's type, which DRF's texts use */
export function jsonType(input: unknown): string {
  if (Array.isArray(input)) return 'list'
  if (typeof input === 'number') return Number.isInteger(input) ? 'int' : 'float'
  return ({ string: 'str', boolean: 'bool', object: 'dict' } as Record<string, string>)[typeof input] ?? 'NoneType'
}
