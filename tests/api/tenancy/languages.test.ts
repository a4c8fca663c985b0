import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tenantAuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { MailKind } from '#server/domain/mail/kinds.ts'
import { changeUser } from '#server/domain/users/change.ts'
import type { Mail } from '../../support/data/mails.ts'
import { linkParts, mailsTo } from '../../support/data/mails.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs, signInWithCookies } from '../../support/world.ts'

const users = `${auth}/users/`
const me = `${users}me/`
const newPassword = 'nine velvet trombones'
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

let world: World
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
})
afterAll(() => world.stop())

describe("a person's language", () => {
  test('is null until the user chooses one, and can be null again', async () => {
    const { access } = await signInAs(world.acme, world.acme.staff)
    const choose = (language: unknown) => world.acme.call(me, { method: 'PATCH', token: access, body: { language } })
    expect((await world.acme.call(me, { token: access })).json.language).toBeNull()
    expect(await choose('ar')).toMatchObject({ status: 200, json: { language: 'ar' } })
    expect(
      (await world.acme.call(me, { method: 'PATCH', token: access, body: { first_name: 'Ben' } })).json,
    ).toMatchObject({ first_name: 'Ben', language: 'ar' })
    for (const wrong of ['fr', 'AR', 'en-GB', '', 1, [], {}]) {
      const answer = await choose(wrong)
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['language']])
    }
    expect((await choose('fr')).json).toEqual({ language: ['"fr" is not a valid choice.'] })
    expect((await world.acme.call(me, { token: access })).json.language).toBe('ar')
    expect((await choose(null)).json.language).toBeNull()
    expect(
      (await world.globex.call(me, { token: (await signInAs(world.globex, world.globex.staff)).access })).json.language,
    ).toBeNull()
  })

  test("can be chosen on the console and by the user's own id too", async () => {
    const operator = (await signInAs(world.console, world.console.admin)).access
    expect(
      (await world.console.call(me, { method: 'PATCH', token: operator, body: { language: 'ar' } })).json.language,
    ).toBe('ar')
    const { access } = await signInAs(world.acme, world.acme.staff)
    const answer = await world.acme.call(`${users}${world.acme.staff.id}/`, {
      method: 'PATCH',
      token: access,
      body: { language: 'en', role: 'Staff' },
    })
    expect(answer).toMatchObject({ status: 200, json: { language: 'en', role: 'Staff' } })
    expect(
      (
        await world.acme.call(`${users}${world.acme.admin.id}/`, {
          method: 'PATCH',
          token: access,
          body: { language: 'ar' },
        })
      ).status,
    ).toBe(404)
  })
})

describe('a page', () => {
  const asked = [
    ['ar;q=0,en', 'en'],
    ['ar;q=0.4,en;q=0.5', 'en'],
    ['en;q=0.4,ar;q=0.5', 'ar'],
    ['fr,ar-EG;q=0.2', 'ar'],
    ['en;q=0,*', 'ar'],
    ['fr', 'en'],
  ] as const

  test('is in the requested language, on pages of the application, its error page and the bare error page', async () => {
    for (const [accepted, language] of asked) {
      for (const [host, path] of [
        [world.acme.host, '/login'],
        [world.console.host, '/login'],
        [`localhost:${world.port}`, '/'],
        [world.globex.host, '/nowhere'],
        [`nobody.localhost:${world.port}`, '/'],
      ] as const) {
        const { text } = await world.call(host, path, { accept: 'text/html', headers: { 'accept-language': accepted } })
        expect([host, accepted, languageOf(text)]).toEqual([host, accepted, language])
      }
    }
  })

  test('is in the language that was chosen in this browser, which is one of ours', async () => {
    const read = async (chosen: string) =>
      languageOf(
        (
          await world.acme.call('/login', {
            accept: 'text/html',
            headers: { 'accept-language': 'en' },
            cookies: { tenantry_locale: chosen },
          })
        ).text,
      )
    expect(await Promise.all(['ar', 'en', 'fr', 'constructor', ''].map(read))).toEqual(['ar', 'en', 'en', 'en', 'en'])
  })
})

describe('a page of an organisation', () => {
  const signInPage = async (place: Place, chosen?: string) =>
    languageOf(
      (
        await place.call('/login', {
          accept: 'text/html',
          headers: { 'accept-language': 'en' },
          cookies: chosen ? { tenantry_locale: chosen } : {},
        })
      ).text,
    )
  const start = async (cookies: Record<string, string>) =>
    languageOf(
      (await world.acme.call('/', { accept: 'text/html', headers: { 'accept-language': 'en' }, cookies })).text,
    )

  test("is in its reader's language, else the one chosen in this browser, else the organisation's if it has one, else what the browser asks for", async () => {
    const [arabic, english, none] = await Promise.all([
      personWith('ar', 'reads-arabic@example.com'),
      personWith('en', 'reads-english@example.com'),
      personWith(null, 'reads-any@example.com'),
    ])
    const [asArabic, asEnglish, asNone] = await Promise.all(
      [arabic, english, none].map(person => signInWithCookies(world.acme, person)),
    )
    const chosen = (cookies: object, language: string) => ({ ...cookies, tenantry_locale: language })
    expect([
      await signInPage(world.acme),
      await start(asNone!),
      await start(asArabic!),
      await start(chosen(asNone!, 'ar')),
    ]).toEqual(['en', 'en', 'ar', 'ar'])

    await decide('ar')
    expect([
      await signInPage(world.acme),
      await start(asNone!),
      await start(asEnglish!),
      await start(chosen(asEnglish!, 'ar')),
    ]).toEqual(['ar', 'ar', 'en', 'en'])
    expect([
      await signInPage(world.acme, 'en'),
      await start(chosen(asNone!, 'en')),
      await signInPage(world.globex),
      await signInPage(world.console),
    ]).toEqual(['en', 'en', 'en', 'en'])

    await decide(null)
    expect(await signInPage(world.acme)).toBe('en')
  })

  test("gets that language with the organisation's branding", async () => {
    const branding = `${api}/organization/branding/`
    expect((await world.acme.call(branding)).json.language).toBeNull()
    await decide('ar')
    expect([
      (await world.acme.call(branding)).json.language,
      (await world.globex.call(branding)).json.language,
    ]).toEqual(['ar', null])
    await decide(null)
  })

  async function decide(language: 'ar' | null): Promise<void> {
    const { access } = await signInAs(world.acme, world.acme.admin)
    expect(
      await world.acme.call(`${api}/organization/`, { method: 'PATCH', token: access, body: { language } }),
    ).toMatchObject({ status: 200, json: { language } })
    // The process gets the announcement a moment later, as every other does.
    await expect.poll(() => signInPage(world.acme)).toBe(language ?? 'en')
  }
})

describe('a mail', () => {
  test("is in its reader's language, else in the organisation's, else in English", async () => {
    const [arabic, english, none] = await Promise.all([
      personWith('ar', 'arabic@example.com'),
      personWith('en', 'english@example.com'),
      personWith(null, 'none@example.com'),
    ])
    await setLanguage(world.acme, 'ar')
    for (const person of [arabic, english, none]) await ask(world.acme, person)
    await ask(world.globex, world.globex.staff)
    expectArabic(await onlyMail(world.acme, arabic.email))
    expectEnglish(await onlyMail(world.acme, english.email))
    expectArabic(await onlyMail(world.acme, none.email))
    expectEnglish(await onlyMail(world.globex, world.globex.staff.email))
    await setLanguage(world.acme, 'en')
  })

  test('to a new or a former address is in the language of the person whom it is about', async () => {
    const person = await personWith('ar', 'moves@example.com')
    const { access } = await signInAs(world.acme, person)
    await world.acme.call(`${users}set_email/`, {
      token: access,
      body: { new_email: 'moved@example.com', current_password: person.password },
    })
    const mail = await onlyMail(world.acme, 'moved@example.com')
    expectArabic(mail)
    expect((await world.acme.call(`${users}set_email_confirm/`, { body: linkParts(mail.links[0]!) })).status).toBe(204)
    expectArabic(await onlyMail(world.acme, 'moves@example.com'))
  })

  test("to the owner of an address that someone else tried to use is in the owner's language", async () => {
    const [owner, person] = [await personWith('ar', 'owner@example.com'), await personWith('en', 'wants@example.com')]
    const { access } = await signInAs(world.acme, person)
    await world.acme.call(`${users}set_email/`, {
      token: access,
      body: { new_email: owner.email, current_password: person.password },
    })
    expectArabic(await onlyMail(world.acme, owner.email))
  })

  test("of an invitation is in the organisation's language, with the date in that language's format", async () => {
    await setLanguage(world.globex, 'ar')
    const { access } = await signInAs(world.globex, world.globex.admin)
    await world.globex.call(`${api}/invitations/`, {
      token: access,
      body: { email: 'invited@example.com', role: 'Admin' },
    })
    const mail = await onlyMail(world.globex, 'invited@example.com')
    expectArabic(mail)
    expect(mail.text).toMatch(/حتى .*20\d\d/u)
    expect(mail.text).toContain('مسؤول')
    await setLanguage(world.globex, 'en')
  })

  test.each<[MailKind, (person: Person, access: string) => Promise<unknown>]>([
    [
      'password_changed',
      (person, token) =>
        world.acme.call(`${users}set_password/`, {
          token,
          body: { current_password: person.password, new_password: newPassword },
        }),
    ],
    [
      'new_device',
      async ({ email, password }) => {
        for (const agent of [firefox, safari])
          await world.acme.call(`${auth}/jwt/create/`, { body: { email, password }, headers: { 'user-agent': agent } })
      },
    ],
    [
      'session_reuse',
      async person => {
        const { refresh } = await signInAs(world.acme, person)
        const renew = async (token: string) =>
          (await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: token } })).json.refresh as string
        await renew(await renew(await renew(refresh)))
        await renew(refresh)
      },
    ],
  ])("that is a notice uses the recipient's language too: %s", async (kind, happens) => {
    const person = await personWith('ar', `${kind}@example.com`)
    const { access } = await signInAs(world.acme, person)
    await happens(person, access)
    const mail = (await mailsTo(world, world.acme, person.email)).at(-1)!
    expectArabic(mail)
    if (kind === 'new_device') expect(mail.text).toContain('Safari على iPhone')
  })

  test('to a user who has registered or was added by an admin uses it too', async () => {
    const { access } = await signInAs(world.acme, world.acme.admin)
    await world.acme.call(users, { token: access, body: { email: 'added@example.com', language: 'ar' } })
    expectArabic(await onlyMail(world.acme, 'added@example.com'))
    await world.acme.call(`${api}/organization/`, { method: 'PATCH', token: access, body: { registration: 'open' } })
    await world.acme.call(users, { body: { email: 'registers@example.com', password: newPassword, language: 'ar' } })
    expectArabic(await onlyMail(world.acme, 'registers@example.com'))
  })
})

test('the rules for accounts are public, and differ between organisations', async () => {
  const { access } = await signInAs(world.acme, world.acme.admin)
  await world.acme.call(`${api}/organization/`, {
    method: 'PATCH',
    token: access,
    body: { registration: 'open', registration_domains: ['acme.test'], password_min_length: 16 },
  })
  expect((await world.acme.call(`${auth}/rules/`)).json).toEqual({
    registration: 'open',
    registration_domains: ['acme.test'],
    password_min_length: 16,
    mailbox: false,
  })
  for (const place of [world.globex, world.console])
    expect((await place.call(`${auth}/rules/`)).json).toEqual({
      registration: 'invite_only',
      registration_domains: [],
      password_min_length: 12,
      mailbox: false,
    })
  expect((await world.call(`localhost:${world.port}`, `${auth}/rules/`)).status).toBe(404)
})

async function personWith(language: 'en' | 'ar' | null, email: string): Promise<Person> {
  const person = await addPerson(world, world.acme, email)
  await changeUser(world.app, realmOf(world.app, world.acme), person.id, { language }, fromSystem)
  return person
}

async function setLanguage(place: Place, language: 'en' | 'ar'): Promise<void> {
  const {
    db,
    tables: { settings },
  } = tenantAuthRealm(world.app.database, { id: place.id, name: '', schema: place.schema, origin: place.origin }).realm
  await db.update(settings).set({ language })
}

function languageOf(page: string): string | undefined {
  const [, language, direction] = /<html[^>]* lang="(\w+)"[^>]* dir="(\w+)"|$/.exec(page) ?? []
  expect(direction).toBe(language === 'ar' ? 'rtl' : 'ltr')
  return language
}

function ask(place: Place, { email }: Person): Promise<Answer> {
  return place.call(`${users}reset_password/`, { body: { email } })
}

async function onlyMail(place: Place, to: string): Promise<Mail> {
  const mails = await mailsTo(world, place, to)
  expect(mails).toHaveLength(1)
  return mails[0]!
}

function expectArabic({ subject, text, html }: Mail): void {
  for (const part of [subject, text, html]) expect(part).toMatch(/\p{Script=Arabic}{3}/u)
  expect(html).toContain('<html lang="ar" dir="rtl"')
  expect(html).toContain('text-align:right')
}

function expectEnglish({ subject, text, html }: Mail): void {
  for (const part of [subject, text, html]) expect(part).not.toMatch(/\p{Script=Arabic}/u)
  expect(html).toContain('<html lang="en" dir="ltr"')
}
