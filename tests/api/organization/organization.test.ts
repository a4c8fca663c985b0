import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formOf } from '../../support/browser/form.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

const organization = `${api}/organization/`
const logo = `${organization}logo/`
const branding = `${organization}branding/`

let world: World
let uploads: string
let admin: string
let staff: string
let globexAdmin: string
let png: Buffer
beforeAll(async () => {
  uploads = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  world = await createWorld({ ACCESS_TTL: '3600', UPLOAD_DIR: uploads })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
  png = await sharp({
    create: { width: 400, height: 100, channels: 4, background: { r: 0, g: 90, b: 90, alpha: 0.5 } },
  })
    .png()
    .toBuffer()
})
afterAll(async () => {
  await world.stop()
  await rm(uploads, { recursive: true })
})

describe('an organisation', () => {
  test('is read by its users and changed by its Admins, and no other organisation is', async () => {
    const before = (await acme(organization, { token: staff })).json
    expect(before).toMatchObject({
      id: world.acme.id,
      name: 'Acme Ltd',
      registration: 'invite_only',
      registration_domains: [],
      logo: null,
      brand_color: null,
      brand_text_color: null,
      password_min_length: 12,
      language: null,
      allows_support: true,
    })
    expect((await acme(organization, { method: 'PATCH', token: staff, body: { name: "Ben's" } })).status).toBe(403)
    expect((await acme(organization)).status).toBe(401)
    const change = {
      business_email: 'desk@acme.test',
      business_phone_number: '+44 20 7946 0001',
      registration_domains: ['ACME.test'],
    }
    const fixed = { id: world.globex.id, subdomain: 'other', tenant_id: 'X' }
    const refused = await acme(organization, { method: 'PATCH', token: admin, body: { ...change, ...fixed } })
    expect([refused.status, Object.keys(refused.json)]).toEqual([400, Object.keys(fixed)])
    const after = await acme(organization, {
      method: 'PATCH',
      token: admin,
      body: { ...change, logo: 'x', is_active: false },
    })
    const { etag, ...others } = before
    expect(after).toMatchObject({ status: 200, json: { ...others, ...change, registration_domains: ['acme.test'] } })
    expect(after.json.etag).not.toBe(etag)
    expect((await world.globex.call(organization, { token: globexAdmin })).json).toMatchObject({
      name: 'Globex Corporation',
      business_email: 'office@globex.test',
    })
  })

  test('has a unique name, and no line breaks in texts that become headers, WEB-16', async () => {
    expect(
      await acme(organization, { method: 'PATCH', token: admin, body: { name: 'GLOBEX corporation' } }),
    ).toMatchObject({ status: 400, json: { name: ['An organisation with this name already exists.'] } })
    for (const field of ['name', 'business_email', 'business_phone_number', 'brand_color']) {
      const answer = await acme(organization, {
        method: 'PATCH',
        token: admin,
        body: { [field]: 'x\r\nSet-Cookie: a=b' },
      })
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, [field]])
    }
  })

  test('records changes in the audit, and nothing without a change', async () => {
    await acme(organization, { method: 'PATCH', token: admin, body: { brand_color: '#123456' } })
    await acme(organization, { method: 'PATCH', token: admin, body: { brand_color: '#123456' } })
    const { json } = await acme(`${api}/audit/?action=organization.changed`, { token: admin })
    expect(json.results.filter((event: { details: object }) => 'brand_color' in event.details)).toHaveLength(1)
    expect(json.results[0]).toMatchObject({
      actor: world.acme.admin.id,
      subject: world.acme.id,
      details: { brand_color: { from: null, to: '#123456' } },
    })
  })
})

describe('a brand colour', () => {
  test('comes with the text colour that can be read on it', async () => {
    for (const [sent, brand_color, brand_text_color] of [
      ['#1D4ED8', '#1d4ed8', '#ffffff'],
      ['#ffeb3b', '#ffeb3b', '#000000'],
      ['#767676', '#767676', '#ffffff'],
      ['#777777', '#777777', '#000000'],
      [null, null, null],
    ]) {
      const answer = await acme(organization, { method: 'PATCH', token: admin, body: { brand_color: sent } })
      expect(answer.json).toMatchObject({ brand_color, brand_text_color })
      expect((await acme(branding)).json).toMatchObject({ name: 'Acme Ltd', brand_color, brand_text_color })
    }
  })

  test('is six hexadecimal digits', async () => {
    for (const brand_color of ['', 'red', '#fff', '#12345g', '#1234567', 'url(x)', 7, {}]) {
      expect((await acme(organization, { method: 'PATCH', token: admin, body: { brand_color } })).status).toBe(400)
    }
  })
})

describe('a logo', () => {
  test('is set by an Admin, and public on that host', async () => {
    expect((await acme(logo)).status).toBe(404)
    expect(
      (await acme(logo, { method: 'PUT', token: staff, body: png, headers: { 'content-type': 'image/png' } })).status,
    ).toBe(403)
    const put = await acme(logo, { method: 'PUT', token: admin, ...formOf([{ name: 'logo', content: png }]) })
    expect(put).toMatchObject({
      status: 200,
      json: { logo: expect.stringMatching(/^\/api\/v1\/organization\/logo\/\?v=[0-9a-f]{8}$/) },
    })
    const got = await acme((await acme(branding)).json.logo)
    expect(got).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'image/webp',
        'content-disposition': 'inline; filename="logo.webp"',
        'content-security-policy': `default-src 'none'; frame-ancestors 'none'; sandbox`,
        'x-content-type-options': 'nosniff',
      },
    })
    expect(await sharp(got.bytes).metadata()).toMatchObject({ format: 'webp', width: 256, height: 64, hasAlpha: true })
    expect((await world.globex.call(logo)).status).toBe(404)
    expect((await world.call(`localhost:${world.port}`, logo)).status).toBe(404)
  })

  test('is replaced and removed with its files', async () => {
    for (let i = 0; i < 2; i++)
      await acme(logo, { method: 'PUT', token: admin, body: png, headers: { 'content-type': 'image/png' } })
    expect(await readdir(join(uploads, world.acme.schema, 'logo'))).toHaveLength(2)
    expect((await acme(logo, { method: 'DELETE', token: staff })).status).toBe(403)
    expect((await acme(logo, { method: 'DELETE', token: admin })).status).toBe(204)
    expect(await readdir(join(uploads, world.acme.schema))).toEqual([])
    expect((await acme(logo)).status).toBe(404)
  })

  test('that is invalid has its error at its own field', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    const answer = await acme(logo, {
      method: 'PUT',
      token: admin,
      body: svg,
      headers: { 'content-type': 'image/png' },
    })
    expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['logo']])
  })
})

describe('the language and support access', () => {
  test('are set by an Admin, and recorded', async () => {
    expect((await acme(organization, { method: 'PATCH', token: staff, body: { allows_support: false } })).status).toBe(
      403,
    )
    const after = await acme(organization, {
      method: 'PATCH',
      token: admin,
      body: { language: 'ar', allows_support: false },
    })
    expect(after).toMatchObject({ status: 200, json: { language: 'ar', allows_support: false } })
    expect((await acme(organization, { token: staff })).json).toMatchObject({ language: 'ar', allows_support: false })
    expect((await world.globex.call(organization, { token: globexAdmin })).json).toMatchObject({
      language: null,
      allows_support: true,
    })
    const { json } = await acme(`${api}/audit/?action=organization.changed&page_size=1`, { token: admin })
    expect(json.results[0].details).toEqual({
      language: { from: null, to: 'ar' },
      allows_support: { from: true, to: false },
    })
    await acme(organization, { method: 'PATCH', token: admin, body: { language: null, allows_support: true } })
  })

  test('are one of the languages that there are, and yes or no', async () => {
    for (const body of [
      { language: 'tlh' },
      { language: '' },
      { language: 1 },
      { allows_support: 'yes' },
      { allows_support: null },
      { allows_support: 1 },
    ]) {
      const answer = await acme(organization, { method: 'PATCH', token: admin, body })
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, Object.keys(body)])
    }
  })
})

describe('the pages of an organisation', () => {
  const signInPage = async () => (await acme('/login', { accept: 'text/html' })).text

  test("show its new colour and logo at once, and no other's", async () => {
    await acme(organization, { method: 'PATCH', token: admin, body: { brand_color: '#c0ffee' } })
    await expect.poll(signInPage).toContain('background-color:#c0ffee')
    const { json } = await acme(logo, {
      method: 'PUT',
      token: admin,
      body: png,
      headers: { 'content-type': 'image/png' },
    })
    await expect.poll(signInPage).toContain(`src="${json.logo}"`)
    expect((await world.globex.call('/login', { accept: 'text/html' })).text).not.toMatch(/c0ffee|organization\/logo/)
    await acme(logo, { method: 'DELETE', token: admin })
    await acme(organization, { method: 'PATCH', token: admin, body: { brand_color: null } })
    await expect.poll(signInPage).not.toMatch(/c0ffee|organization\/logo/)
  })
})

describe('the least length of a password', () => {
  test('is a number from 12 to 64', async () => {
    for (const password_min_length of [11, 65, 12.5, '14', null]) {
      const answer = await acme(organization, { method: 'PATCH', token: admin, body: { password_min_length } })
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['password_min_length']])
    }
  })

  test('holds wherever a password is set, in that organisation alone', async () => {
    const person = await addPerson(world, world.acme, 'kim@example.com')
    const { access } = await signInAs(world.acme, person)
    expect(
      (await acme(organization, { method: 'PATCH', token: admin, body: { password_min_length: 20 } })).status,
    ).toBe(200)
    const short = 'violet mornings 7'
    const tooShort = ['This password is too short. It must contain at least 20 characters.']
    expect(
      (await acme(`${auth}/users/`, { token: admin, body: { email: 'lea@example.com', password: short } })).json,
    ).toEqual({ password: tooShort })
    const set = { current_password: person.password, new_password: short }
    expect((await acme(`${auth}/users/set_password/`, { token: access, body: set })).json).toEqual({
      new_password: tooShort,
    })
    expect(
      (
        await world.globex.call(`${auth}/users/`, {
          token: globexAdmin,
          body: { email: 'lea@example.com', password: short },
        })
      ).status,
    ).toBe(201)
    expect(
      (
        await acme(`${auth}/users/set_password/`, {
          token: access,
          body: { ...set, new_password: `${short} and then some` },
        })
      ).status,
    ).toBe(204)
    await acme(organization, { method: 'PATCH', token: admin, body: { password_min_length: 12 } })
  })
})

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}
