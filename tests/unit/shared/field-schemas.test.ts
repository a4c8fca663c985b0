import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import {
  boolean,
  choice,
  dayOrMoment,
  cleanIdentifier,
  email,
  identifier,
  jsonType,
  rawText,
  reference,
  text,
} from '#shared/schemas/fields.ts'

/** The error message for a value, or the parsed value. */
function judge(schema: z.ZodType, value: unknown) {
  const result = schema.safeParse(value)
  return result.success ? { value: result.data } : { messages: result.error.issues.map(({ message }) => message) }
}
const says = (...messages: string[]) => ({ messages })
const gives = (value: unknown) => ({ value })

const notText: unknown[] = [[], ['a'], {}, { length: 3 }, { toString: () => 'a' }, 0, 1, 1.5, Number.NaN, true, false]

describe.each([
  ['a line of text', text(5)],
  ['a text as it came', rawText(5)],
])('%s', (_name, schema) => {
  it.each(notText)('is no %j', value => {
    expect(judge(schema, value)).toEqual(says('Not a valid string.'))
  })

  it('is asked for when it is missing, null or blank, in one message each', () => {
    expect(judge(schema, undefined)).toEqual(says('This field is required.'))
    expect(judge(schema, null)).toEqual(says('This field may not be null.'))
    expect(judge(schema, '')).toEqual(says('This field may not be blank.'))
  })

  it('has a longest length', () => {
    expect(judge(schema, 'abcde')).toEqual(gives('abcde'))
    expect(judge(schema, 'abcdef')).toEqual(says('Ensure this field has no more than 5 characters.'))
  })

  it('is what PostgreSQL can store', () => {
    for (const value of ['\0', 'a\0']) expect(judge(schema, value)).toEqual(says('Null characters are not allowed.'))
    for (const value of ['\uD800', 'a\uDC00', '\uDC00\uD800'])
      expect(judge(schema, value)).toEqual(says('Not a valid string.'))
    expect(judge(schema, '🦆')).toEqual(gives('🦆'))
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), value => {
        const made = judge(schema, value)
        if ('value' in made)
          expect(made.value).toSatisfy(
            (text: string) => text.isWellFormed() && !text.includes('\0') && [...text].length <= 5,
          )
      }),
    )
  })
})

describe('a line of text', () => {
  it('is trimmed before it is measured, and has no line break', () => {
    expect(judge(text(5), '   abc   ')).toEqual(gives('abc'))
    expect(judge(text(5), '   ')).toEqual(says('This field may not be blank.'))
    expect(judge(text(5, { blank: true }), '   ')).toEqual(gives(''))
    for (const value of ['a\nb', 'a\rb']) expect(judge(text(5), value)).toEqual(says('Line breaks are not allowed.'))
  })
})

describe('a text as it came', () => {
  it('is never trimmed', () => {
    expect(judge(rawText(5), '  a  ')).toEqual(gives('  a  '))
    expect(judge(rawText(5), ' ')).toEqual(gives(' '))
    expect(judge(rawText(5), 'a\nb')).toEqual(gives('a\nb'))
  })
})

describe('an e-mail address', () => {
  it.each([
    ['Ann@Example.COM', 'ann@example.com'],
    [' ann@example.com\t', 'ann@example.com'],
    ["a.b+c_d'e@x-y.z1.test", "a.b+c_d'e@x-y.z1.test"],
    ['rene\u0301e@example.com', 'ren\u00E9e@example.com'],
    ['a@bücher.test', 'a@bücher.test'],
    ['ΑΝΝ@example.com', 'ανν@example.com'],
  ])('is kept in one form: %s', (given, kept) => {
    expect(judge(email(), given)).toEqual(gives(kept))
    expect(judge(email(), kept)).toEqual(gives(kept))
  })

  it.each([
    'x',
    '@',
    'a@',
    '@b.test',
    'a@b',
    'a b@c.test',
    'a@b..test',
    'a@-b.test',
    'a@b-.test',
    'a@b.test.',
    '.@b',
    'a@b@c.test',
    '"a"@b.test',
    'a,b@c.test',
    '<a@b.test>',
    'a@[127.0.0.1]',
    'a@b.test>',
    'a\\@b.test',
    'a\u0085@b.test',
    `a@${'b'.repeat(64)}.test`,
  ])('is refused: %s', value => {
    expect(judge(email(), value)).toEqual(says('Enter a valid email address.'))
  })

  // The test would time out if the pattern tried every way to match these.
  it('is refused in no time, however it is made', () => {
    for (const value of [
      `a@${'a.'.repeat(120)}`,
      `a@${'a-'.repeat(120)}.`,
      `${'a'.repeat(250)}@`,
      `a@${'a'.repeat(250)}`,
    ])
      expect(judge(email(), value)).toHaveProperty('messages')
  })
})

/** Characters that are not displayed, or that only reverse the text around them. */
const invisible = [
  '\u00AD',
  '\u034F',
  '\u061C',
  '\u115F',
  '\u1160',
  '\u17B4',
  '\u180B',
  '\u180E',
  '\u200B',
  '\u200C',
  '\u200D',
  '\u200E',
  '\u200F',
  '\u202A',
  '\u202B',
  '\u202C',
  '\u202D',
  '\u202E',
  '\u2060',
  '\u2061',
  '\u2064',
  '\u2066',
  '\u2067',
  '\u2068',
  '\u2069',
  '\u206A',
  '\u3164',
  '\uFE00',
  '\uFE0F',
  '\uFEFF',
  '\uFFA0',
  '\uFFF9',
  '\u{1D173}',
  '\u2800',
  '\uFFFC',
  '\uE000',
  '\uFDD0',
  '\u{10FFFD}',
  '\u{16FE4}',
  '\u{1D159}',
  '\u{E0001}',
  '\u{E0100}',
]
const blanks = ['\u00A0', '\u1680', '\u2000', '\u2003', '\u2009', '\u202F', '\u205F', '\u3000', '\t']

describe('text by which something is found or told apart', () => {
  it.each(invisible)('has nothing in it that nobody sees: %j', character => {
    expect(judge(email(), `${character}ben${character}@exam${character}ple.com${character}`)).toEqual(
      gives('ben@example.com'),
    )
    expect(judge(identifier(20), `${character}Fin${character}ance${character}`)).toEqual(gives('Finance'))
    expect(judge(email(), character)).toEqual(says('This field may not be blank.'))
    expect(judge(identifier(20), ` ${character} `)).toEqual(says('This field may not be blank.'))
    expect(judge(identifier(20, { blank: true }), character)).toEqual(gives(''))
  })

  it.each(blanks)('has one space for every blank, and none at an end: %j', blank => {
    expect(judge(email(), `${blank}ben@example.com${blank}`)).toEqual(gives('ben@example.com'))
    expect(judge(email(), `be${blank}n@example.com`)).toEqual(says('Enter a valid email address.'))
    expect(judge(identifier(20), `${blank}Human${blank} ${blank}Resources${blank}`)).toEqual(gives('Human Resources'))
  })

  it('is NFC, is measured as it is kept, and keeps control characters out', () => {
    expect(judge(identifier(20), 'Cafe\u0301')).toEqual(gives('Caf\u00E9'))
    expect(judge(identifier(3), '\u200Ba\u200Bb\u200Bc\u200B')).toEqual(gives('abc'))
    expect(judge(identifier(20), 'a\u0007b')).toEqual(says('Control characters are not allowed.'))
    for (const value of ['a\nb', 'a\u2028b'])
      expect(judge(identifier(20), value)).toEqual(says('Line breaks are not allowed.'))
  })

  it('has letters of one alphabet in each word, as those of others look the same', () => {
    const refused = says('Use letters of one alphabet in each word.')
    for (const name of ['\u0410cme', 'Human Res\u03BFurces', 'Fin\u0561nce', '\u13AAcme'])
      expect(judge(identifier(20), name)).toEqual(refused)
    for (const address of ['ben@ex\u0430mple.com', 'b\u0435n@example.com', 'ben@mail.ex\u03B1mple.com'])
      expect(judge(email(), address)).toEqual(says('Enter a valid email address.'))
    for (const name of [
      '\u0410\u043A\u043C\u0435 Ltd',
      '\u03B1-Amylase',
      '\u03A9mega',
      'ABC\u682A\u5F0F\u4F1A\u793E',
      'Caf\u00E9 7b',
    ])
      expect(judge(identifier(20), name)).toEqual(gives(name))
    expect(judge(email(), '\u0438\u0432\u0430\u043D@example.com')).toEqual(
      gives('\u0438\u0432\u0430\u043D@example.com'),
    )
  })

  it('has one form of a domain, however wide its letters are', () => {
    expect(judge(email(), 'ben@\uFF45xample.com')).toEqual(gives('ben@example.com'))
  })

  it('is the same when it is read again, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), value => {
        const kept = cleanIdentifier(value)
        expect(cleanIdentifier(kept)).toBe(kept)
        expect(kept).not.toMatch(/[\p{Cf}\p{Default_Ignorable_Code_Point}]|^\s|\s$|\s\s|[^\S ]/u)
      }),
    )
  })
})

describe('a choice, a truth, a reference', () => {
  it('says what it is not', () => {
    const role = choice(['Admin', 'Staff'])
    for (const [value, shown] of [
      ['admin', 'admin'],
      ['', ''],
      [1, '1'],
      [['Admin'], '["Admin"]'],
      [{ a: 1 }, '{"a":1}'],
    ] as const)
      expect(judge(role, value)).toEqual(says(`"${shown}" is not a valid choice.`))
    expect(judge(role, undefined)).toEqual(says('This field is required.'))
    expect(judge(role, null)).toEqual(says('This field may not be null.'))
    expect(judge(role, 'x'.repeat(5_000))).toEqual(says(`"${'x'.repeat(100)}…" is not a valid choice.`))
    for (const value of [0, 1, 'true', 'false', '', [], {}])
      expect(judge(boolean(), value)).toEqual(says('Must be a valid boolean.'))
    for (const [value, type] of [
      [1, 'int'],
      [1.5, 'float'],
      [true, 'bool'],
      [[], 'list'],
      [{}, 'dict'],
    ] as const)
      expect(judge(reference(), value)).toEqual(says(`Incorrect type. Expected pk value, received ${type}.`))
    for (const value of [
      '',
      'x',
      '0190a0a0-0000-7000-8000-00000000000',
      '0190A0A0-0000-7000-8000-000000000000',
      '{0190a0a0-0000-7000-8000-000000000000}',
    ])
      expect(judge(reference(), value)).toEqual(says(`Invalid pk "${value}" - object does not exist.`))
    expect(judge(reference(), '0190a0a0-0000-7000-8000-000000000000')).toEqual(
      gives('0190a0a0-0000-7000-8000-000000000000'),
    )
  })
})

describe('a moment', () => {
  it('is one of ISO 8601 with its zone, or a day, which stays as it is', () => {
    expect(judge(dayOrMoment(), '2026-02-28')).toEqual(gives('2026-02-28'))
    expect(judge(dayOrMoment(), '2026-02-28T13:00:00+01:00')).toEqual(gives(new Date('2026-02-28T12:00:00Z')))
  })

  it('is said to be none otherwise, in one message', () => {
    expect(judge(dayOrMoment(), undefined)).toEqual(says('This field is required.'))
    expect(judge(dayOrMoment(), null)).toEqual(says('This field may not be null.'))
    for (const value of [
      '',
      'soon',
      '2026-02-30',
      '2026-02-28T12:00:00',
      '0000-01-01',
      '0002-11-28',
      '0001-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-01:00',
      1,
      {},
    ]) {
      expect(judge(dayOrMoment(), value)).toEqual(
        says('Enter a valid day or time, as in 2026-01-31 or 2026-01-31T12:00:00Z.'),
      )
    }
  })
})

describe("a value's type", () => {
  it.each([
    [[], 'list'],
    ['', 'str'],
    [1, 'int'],
    [-0, 'int'],
    [1e300, 'int'],
    [0.1, 'float'],
    [true, 'bool'],
    [{}, 'dict'],
    [undefined, 'NoneType'],
  ])("has Python's name: %j", (value, name) => {
    expect(jsonType(value)).toBe(name)
  })
})
