import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { passwordFaults } from '#server/domain/users/password-rules.ts'

const person = {
  email: 'harriet.quill@example.com',
  first_name: 'Harriet',
  last_name: 'Quillington',
  organization: 'Acme Ltd',
}
const nobody = { email: '', first_name: '', last_name: '', organization: '' }
const tooShort = 'This password is too short. It must contain at least 12 characters.'
const tooLong = 'This password is too long. It must contain at most 256 characters.'
const tooCommon = 'This password is too common.'
const numeric = 'This password is entirely numeric.'
const similarTo = (what: string) => `The password is too similar to the ${what}.`

describe('a password', () => {
  it.each([
    'seven copper lanterns',
    'correct horse battery',
    '  blanks count  ',
    'пароль из слов',
    '密码很长很安全的一句话啊',
    '🦆'.repeat(12),
    'x'.repeat(256),
    '123456789012a',
  ])('is good: %s', async password => {
    expect(await passwordFaults(password, person)).toEqual([])
  })

  it('is counted in characters, not in bytes or halves of them', async () => {
    expect(await passwordFaults('🦆'.repeat(11), person)).toEqual([tooShort])
    expect(await passwordFaults('🦆'.repeat(256), person)).toEqual([])
    expect(await passwordFaults('🦆'.repeat(257), person)).toEqual([tooLong])
  })

  it('may be too short, common and numeric at once', async () => {
    expect(await passwordFaults('12345678', nobody)).toEqual([tooShort, tooCommon, numeric])
    expect(await passwordFaults('', nobody)).toEqual([tooShort])
  })

  it('is common in any case', async () => {
    for (const password of ['password', 'PassWord', 'QWERTYUIOP'])
      expect(await passwordFaults(password, nobody)).toContain(tooCommon)
  })

  it.each([
    ['harriet.quill@example.com', 'email'],
    ['moc.elpmaxe@lliuq.teirrah', 'email'],
    ['harriet.quill@example', 'email'],
    ['HARRIET QUILL EXAMPLE', 'email'],
    ['quillington99', 'last name'],
    ['QUILLINGTON--', 'last name'],
    ['acmeltdacme', 'organization'],
  ])('is like something that everyone knows of its owner: %s', async (password, what) => {
    expect(await passwordFaults(password, person)).toContain(similarTo(what))
  })

  it.each([
    'Welcome12345',
    '!!iloveyou1234',
    '2026dragon2026',
    'sunshinesunshine',
    'Monkey-Monkey-1',
    'password.password.password',
  ])('is as common with digits and signs around it, or said again: %s', async password => {
    expect(await passwordFaults(password, nobody)).toEqual([tooCommon])
  })

  it.each([
    'Globex2026!!',
    'globexglobex',
    '#Globex-Globex#',
    '2026-2027-Globex',
    'Globex Corporation 1',
    'GlobexCorporationGlobexCorporation',
  ])("is the organization's name and nothing else: %s", async password => {
    expect(await passwordFaults(password, { ...nobody, organization: 'Globex Corporation' })).toEqual([
      similarTo('organization'),
    ])
  })

  it.each([
    'globex is where i work',
    'dragons over the harbour',
    'welcome to the machine',
    'a1b2c3d4e5f6g7',
    'li 27 grey herons',
  ])('may have such a word in it: %s', async password => {
    expect(await passwordFaults(password, { ...nobody, first_name: 'Li', organization: 'Globex Corporation' })).toEqual(
      [],
    )
  })

  it('is reported as similar to the first match, the address before the name', async () => {
    expect(await passwordFaults('harrietquill', person)).toEqual([similarTo('email')])
    expect(await passwordFaults('harrietquill', { ...person, email: 'x@example.com' })).toEqual([
      similarTo('first name'),
    ])
  })

  it('is not like a name that is only a small part of it', async () => {
    expect(await passwordFaults('the harriet of the moors', person)).toEqual([])
    expect(await passwordFaults('an unlikely row of words', { ...nobody, first_name: 'A', last_name: 'w' })).toEqual([])
  })

  it('is judged whatever it holds, and however long it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 600 }),
        fc.string({ unit: 'binary', maxLength: 60 }),
        async (password, name) => {
          const faults = await passwordFaults(password, { ...person, first_name: name })
          expect(new Set(faults).size).toBe(faults.length)
          expect(faults.includes(tooShort)).toBe([...password].length < 12)
        },
      ),
    )
    expect(await passwordFaults('a'.repeat(100_000), { ...person, last_name: 'a'.repeat(150) })).toContain(tooLong)
  })
})
