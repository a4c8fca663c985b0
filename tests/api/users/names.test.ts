import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSmtpServer } from '../../support/data/smtp.ts'
import type { SmtpServer } from '../../support/data/smtp.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let smtp: SmtpServer
let admin: string
beforeAll(async () => {
  smtp = await createSmtpServer()
  await smtp.start()
  world = await createWorld({ SMTP_URL: smtp.url })
  admin = (await signInAs(world.acme, world.acme.admin)).access
})
afterAll(async () => {
  await world.stop()
  await smtp.stop()
})

const get = async (path: string) => (await world.acme.call(`${api}/${path}`, { token: admin })).json
const add = (body: object) => world.acme.call(`${auth}/users/`, { token: admin, body: { is_active: false, ...body } })

describe('people', () => {
  beforeAll(async () => {
    const names = ['Zulu', 'aardvark', 'Ångström', 'van den Berg', 'Berg', 'Łukasz', 'Özil', 'Al-Amin']
    for (const [i, last_name] of names.entries()) await add({ email: `n${i}@names.test`, first_name: 'Sam', last_name })
    await add({ email: 'abbott@names.test', first_name: 'Ben', last_name: 'Abbott' })
  })

  test('are in the order of the alphabet, whatever the case and the marks', async () => {
    const { results } = await get('users/?search=sam&ordering=last_name')
    expect(results.map(({ last_name }: { last_name: string }) => last_name)).toEqual([
      ...['aardvark', 'Al-Amin', 'Ångström', 'Berg', 'Łukasz', 'Özil', 'van den Berg', 'Zulu'],
    ])
  })

  test('of one department are in this order too, and so are departments', async () => {
    for (const name of ['Ärzte', 'zebra', 'Apotheke'])
      await world.acme.call(`${api}/departments/`, { token: admin, body: { name } })
    const departments = (await get('departments/')).results as { id: string; name: string }[]
    expect(departments.map(({ name }) => name)).toEqual(['Apotheke', 'Ärzte', 'zebra'])
    for (const [name, last_name] of [
      ['Ärzte', 'Young'],
      ['Ärzte', 'archer'],
      ['Apotheke', 'Miller'],
    ] as const) {
      const department = departments.find(one => one.name === name)!.id
      await add({ email: `${last_name}@sorted.test`, first_name: 'Kim', last_name, department })
    }
    const { results } = await get('users/?search=kim&ordering=department')
    expect(results.map(({ last_name }: { last_name: string }) => last_name)).toEqual(['Miller', 'archer', 'Young'])
  })

  test.each([
    'Abbott, Ben',
    'Ben Abbott <abbott@names.test>',
    'abbott@names.test;',
    '"Ben Abbott"',
    '„Ben Abbott“',
    "'Ben Abbott'",
    'mailto:abbott@names.test',
    '(Abbott)',
  ])('are found by what is copied from a list or a mail: %s', async search => {
    const { results } = await get(`users/?search=${encodeURIComponent(search)}`)
    expect(results.map(({ email }: { email: string }) => email)).toEqual(['abbott@names.test'])
  })

  test('are found by punctuation that is part of a name, or is all there is', async () => {
    await add({ email: 'oneill@names.test', first_name: 'Mary-Jane', last_name: "O'Neill" })
    for (const search of ["o'neill", 'mary-jane'])
      expect((await get(`users/?search=${encodeURIComponent(search)}`)).count).toBe(1)
    expect((await get(`users/?search=${encodeURIComponent('"')}`)).count).toBe(0)
  })
})

describe('a day in a filter', () => {
  test("is a day of the viewer's time zone", async () => {
    const { results } = await get('audit/?page_size=1')
    const { created } = results[0] as { created: string }
    const dayIn = (timeZone: string) => new Intl.DateTimeFormat('sv', { timeZone }).format(new Date(created))
    for (const zone of ['Pacific/Auckland', 'Pacific/Pago_Pago', 'Asia/Kolkata', 'UTC']) {
      const day = dayIn(zone)
      const events = await get(`audit/?page_size=100&since=${day}&until=${day}&time_zone=${zone}`)
      expect(events.results.map((event: { created: string }) => event.created)).toContain(created)
    }
    // The two are never on the same day.
    const day = dayIn('Pacific/Pago_Pago')
    expect((await get(`audit/?since=${day}&until=${day}&time_zone=Pacific/Kiritimati`)).results).not.toContainEqual(
      expect.objectContaining({ created }),
    )
    expect(await get('audit/?time_zone=Mars/Olympus')).toEqual({
      time_zone: ['Enter a time zone such as Europe/Berlin.'],
    })
  })
})

describe('a mail that cannot be delivered', () => {
  test('is shown to whoever invited, with the reason of the mail server', async () => {
    smtp.unknown.add('gone@refused.test')
    for (const email of ['gone@refused.test', 'there@refused.test'])
      await world.acme.call(`${api}/invitations/`, { token: admin, body: { email } })
    const deliveryOf = async (email: string) =>
      (await get('invitations/')).results.find((invitation: { email: string }) => invitation.email === email).delivery
    await expect.poll(() => deliveryOf('gone@refused.test')).toMatchObject({ state: 'failed' })
    expect((await deliveryOf('gone@refused.test')).reason).toMatch(/^5\d\d /)
    await expect.poll(() => deliveryOf('there@refused.test')).toEqual({ state: 'sent', reason: null })
    const globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
    const theirs = await world.globex.call(`${api}/invitations/`, { token: globexAdmin })
    expect(theirs.json.results).toEqual([])
  })

  test('is shown on the page of the person, to Admins only', async () => {
    smtp.unknown.add('new@refused.test')
    const { json } = await add({ email: 'new@refused.test', is_active: true })
    await expect.poll(async () => (await get(`users/${json.id}/`)).delivery).toMatchObject({ state: 'failed' })
    const staff = (await signInAs(world.acme, world.acme.staff)).access
    const seen = await world.acme.call(`${api}/users/${json.id}/`, { token: staff })
    expect(seen.json).not.toHaveProperty('delivery')
  })

  test('was announced with the name of the portal', () => {
    expect(smtp.greetings.length).toBeGreaterThan(0)
    expect(new Set(smtp.greetings)).toEqual(new Set(['EHLO localhost']))
  })
})
