import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import { lastMailTo, mailsTo } from '../../support/data/mails.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const invitations = `${api}/invitations/`
const bulk = `${invitations}bulk/`
const password = 'eleven paper sailing boats'

let world: World
let admin: string
let staff: string
let globexAdmin: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
})
afterAll(() => world.stop())

describe('an invitation', () => {
  test('is mailed, and accepted once, with its role and department', async () => {
    const { id: department } = (await acme(`${api}/departments/`, { token: admin, body: { name: 'Welcome' } })).json
    const made = await acme(invitations, {
      token: admin,
      body: { email: ' Ida@Example.com ', role: 'Admin', department },
    })
    expect(made).toMatchObject({
      status: 201,
      json: { email: 'ida@example.com', role: 'Admin', department, state: 'open', invited_by: world.acme.admin.id },
    })
    const token = await tokenOf('ida@example.com')
    const accept = () =>
      acme(`${invitations}accept/`, {
        body: { token, first_name: 'Ida', last_name: 'Ibsen', password, role: 'Staff', email: 'other@example.com' },
      })
    expect(await accept()).toMatchObject({
      status: 201,
      json: { email: 'ida@example.com', role: 'Admin', department, is_active: true },
    })
    expect((await accept()).status).toBe(400)
    expect((await list('?state=accepted')).map(({ email }) => email)).toEqual(['ida@example.com'])
  })

  test('in lists has the names of inviter and department, and never its token', async () => {
    const { text, json } = await acme(invitations, { token: admin })
    expect(Object.keys(json.results[0])).toEqual([
      'id',
      'email',
      'role',
      'department',
      'invited_by',
      'state',
      'created',
      'expires_at',
      'accepted_at',
      'revoked_at',
      'department_name',
      'inviter_name',
      'delivery',
    ])
    expect(json.results.at(-1)).toMatchObject({ department_name: 'Welcome', inviter_name: 'ann@example.com' })
    expect(text).not.toMatch(/token/)
  })

  test('is found by its state, which tells those that expire soon', async () => {
    const soon = await invite('soon@example.com')
    const late = await invite('late@example.com')
    const gone = await invite('revoked@example.com')
    await expireIn(soon, 24)
    await expireIn(late, -1)
    expect((await acme(`${invitations}${gone}/`, { method: 'DELETE', token: admin })).status).toBe(204)
    const emails = async (state: string) => (await list(`?state=${state}`)).map(({ email }) => email)
    expect(await emails('expiring')).toEqual(['soon@example.com'])
    expect(await emails('expired')).toEqual(['late@example.com'])
    expect(await emails('revoked')).toEqual(['revoked@example.com'])
    expect(await emails('open')).toContain('soon@example.com')
    expect((await acme(`${invitations}?state=lost`, { token: admin })).status).toBe(400)
    expect((await list('?search=LATE@')).map(({ email }) => email)).toEqual(['late@example.com'])
  })

  test('is sent again with a new link and a new expiry; the former link is invalid', async () => {
    const id = await invite('again@example.com')
    const first = await tokenOf('again@example.com')
    await expireIn(id, -1)
    const resent = await acme(`${invitations}${id}/resend/`, { token: admin, body: {} })
    expect(resent).toMatchObject({ status: 200, json: { state: 'open' } })
    const second = await tokenOf('again@example.com')
    const lookup = async (token: string) => (await acme(`${invitations}lookup/`, { body: { token } })).status
    expect([await lookup(first), await lookup(second)]).toEqual([400, 200])
  })

  test('that is revoked or accepted can be neither sent again nor revoked, and its link is invalid', async () => {
    const id = await invite('nomore@example.com')
    const token = await tokenOf('nomore@example.com')
    await acme(`${invitations}${id}/`, { method: 'DELETE', token: admin })
    expect(await acme(`${invitations}${id}/`, { method: 'DELETE', token: admin })).toMatchObject({
      status: 409,
      json: { code: 'in_use' },
    })
    expect((await acme(`${invitations}${id}/resend/`, { token: admin, body: {} })).status).toBe(409)
    expect(
      (await acme(`${invitations}accept/`, { body: { token, first_name: 'No', last_name: 'More', password } })).status,
    ).toBe(400)
  })

  test('is not sent to existing users or invited people', async () => {
    await invite('twice@example.com')
    expect((await acme(invitations, { token: admin, body: { email: 'twice@example.com' } })).json).toEqual({
      email: ['This person has been invited already.'],
    })
    expect((await acme(invitations, { token: admin, body: { email: 'ben@example.com' } })).json).toEqual({
      email: ['A user with this email already exists.'],
    })
  })
})

describe('many invitations', () => {
  test('are each made or refused, and the same list again changes nothing', async () => {
    const csv =
      'email;role;department\nmany1@example.com;admin;welcome\nmany2@example.com;;\nnot an address;;\nben@example.com;;\nmany3@example.com;Boss;\nmany4@example.com;;Nowhere\nMANY1@example.com;;\n'
    const statuses = ['invited', 'invited', 'failed', 'failed', 'failed', 'failed', 'already_invited']
    const rehearsed = await acme(`${bulk}?dry_run=true`, { token: admin, body: { csv } })
    expect(rehearsed.json.results.map(statusOf)).toEqual(statuses)
    expect(await list('?search=many')).toEqual([])
    expect(await mailsTo(world, world.acme, 'many1@example.com')).toEqual([])
    const done = await acme(bulk, { token: admin, body: { csv } })
    expect(done.json.results.map(statusOf)).toEqual(statuses)
    expect(done.json.results.map(errorFields)).toEqual(rehearsed.json.results.map(errorFields))
    expect(done.json.results.map(errorFields)).toEqual([[], [], ['email'], ['email'], ['role'], ['department'], []])
    expect(done.json.results[5].errors).toEqual({ department: ['There is no department "Nowhere".'] })
    expect((await acme(bulk, { token: admin, body: { csv } })).json.results.map(statusOf)).toEqual([
      'already_invited',
      'already_invited',
      'failed',
      'failed',
      'failed',
      'failed',
      'already_invited',
    ])
    expect(await mailsTo(world, world.acme, 'many1@example.com')).toHaveLength(1)
    expect((await list('?search=many1'))[0]).toMatchObject({ role: 'Admin', department_name: 'Welcome' })
  })

  test('have the row numbers of a spreadsheet if they are sent as a text', async () => {
    const { results } = (
      await acme(`${bulk}?dry_run=true`, {
        token: admin,
        body: { csv: 'email,role\r\nrow2@example.com,\r\n\r\nrow4@example.com,Boss\r\n"row5@example.com",\r\n' },
      })
    ).json
    expect(results.map(({ row, email }: { row: number; email: string }) => [row, email])).toEqual([
      [2, 'row2@example.com'],
      [4, 'row4@example.com'],
      [5, 'row5@example.com'],
    ])
  })

  test('have one delimiter, and the preview shows every field that is written', async () => {
    const csv = 'email;department;role\nquiet1@example.com;Finance, Admin;Staff\nquiet2@example.com;Welcome;Admin'
    const { results } = (await acme(`${bulk}?dry_run=true`, { token: admin, body: { csv } })).json
    expect(results).toMatchObject([
      { email: 'quiet1@example.com', status: 'failed', role: null, errors: { department: [expect.any(String)] } },
      { email: 'quiet2@example.com', status: 'invited', role: 'Admin', department_name: 'Welcome' },
    ])
    const listed = { invitations: [{ email: 'quiet3@example.com' }] }
    expect((await acme(`${bulk}?dry_run=true`, { token: admin, body: listed })).json.results).toMatchObject([
      { role: 'Staff', department_name: null },
    ])
  })

  test('of someone who is deactivated is refused with a text that tells what to do', async () => {
    const { id } = await addPerson(world, world.acme, 'left@example.com', { is_active: false })
    const answer = await acme(invitations, { token: admin, body: { email: 'left@example.com' } })
    expect([answer.status, answer.json]).toEqual([
      400,
      { email: ['A deactivated user has this email. Reactivate that account instead.'] },
    ])
    await acme(`${auth}/users/${id}/`, { method: 'PATCH', token: admin, body: { is_active: true } })
    expect((await acme(invitations, { token: admin, body: { email: 'left@example.com' } })).json).toEqual({
      email: ['A user with this email already exists.'],
    })
  })

  test('are sent as a list or as a text, not as both', async () => {
    for (const body of [
      {},
      { csv: 'email\na@example.com', invitations: [] },
      { csv: 'name\nAnn' },
      { invitations: Array(501).fill({}) },
    ])
      expect((await acme(bulk, { token: admin, body })).status).toBe(400)
    expect((await acme(`${bulk}?dry_run=maybe`, { token: admin, body: { invitations: [] } })).status).toBe(400)
  })
})

// AZ-01, AZ-04, AZ-08, LIFE-11
describe("invitations are an Admin's, and of one organisation", () => {
  test('Staff are refused everywhere, and so are visitors', async () => {
    const id = await invite('guarded@example.com')
    const calls: [string, Call][] = [
      [invitations, {}],
      [invitations, { body: { email: 'x@example.com', role: 'Admin' } }],
      [bulk, { body: { invitations: [] } }],
      [`${bulk}?dry_run=true`, { body: { invitations: [] } }],
      [`${invitations}${id}/`, {}],
      [`${invitations}${id}/`, { method: 'DELETE' }],
      [`${invitations}${id}/resend/`, { body: {} }],
    ]
    for (const [path, options] of calls) {
      expect([path, (await acme(path, { ...options, token: staff })).status]).toEqual([path, 403])
      expect([path, (await acme(path, options)).status]).toEqual([path, 401])
    }
    expect(await list('?search=guarded')).toMatchObject([{ state: 'open' }])
  })

  test("another organisation's are not found", async () => {
    const id = await invite('ours@example.com')
    for (const [path, options] of [
      ['', {}],
      ['', { method: 'DELETE' }],
      ['resend/', { body: {} }],
    ] as [string, Call][]) {
      const answer = await world.globex.call(`${invitations}${id}/${path}`, { ...options, token: globexAdmin })
      expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not found."}'])
    }
    expect((await world.globex.call(invitations, { token: globexAdmin })).json.count).toBe(0)
    const token = await tokenOf('ours@example.com')
    expect(
      (await world.globex.call(`${invitations}accept/`, { body: { token, first_name: 'A', last_name: 'B', password } }))
        .status,
    ).toBe(400)
    expect((await list('?search=ours@'))[0]).toMatchObject({ state: 'open' })
  })

  test('a department of another organisation is rejected', async () => {
    const { id: department } = (
      await world.globex.call(`${api}/departments/`, { token: globexAdmin, body: { name: 'Foreign' } })
    ).json
    const refusal = { department: [`Invalid pk "${department}" - object does not exist.`] }
    expect(
      (await acme(invitations, { token: admin, body: { email: 'foreign@example.com', department } })).json,
    ).toEqual(refusal)
    for (const query of ['', '?dry_run=true']) {
      const { results } = (
        await acme(`${bulk}${query}`, {
          token: admin,
          body: { invitations: [{ email: 'foreign@example.com', department }] },
        })
      ).json
      expect(results[0]).toMatchObject({ status: 'failed', errors: refusal })
    }
    expect(
      (await acme(invitations, { token: admin, body: { email: 'foreign@example.com', department: newId() } })).status,
    ).toBe(400)
  })
})

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}

async function invite(email: string): Promise<string> {
  const answer = await acme(invitations, { token: admin, body: { email } })
  expect(answer.status).toBe(201)
  return answer.json.id
}

async function list(query: string): Promise<{ email: string; state: string }[]> {
  return (await acme(`${invitations}${query}`, { token: admin })).json.results
}

async function tokenOf(email: string): Promise<string> {
  const mail = await lastMailTo(world, world.acme, email, /Acme/)
  return mail.links[0]!.split('/invite/')[1]!
}

async function expireIn(id: string, hours: number): Promise<void> {
  const {
    db,
    tables: { invitations },
  } = realmOf(world.app, world.acme).realm as TenantRealm
  await db
    .update(invitations)
    .set({ expires_at: new Date(Date.now() + hours * 3_600_000) })
    .where(eq(invitations.id, id))
}

function statusOf({ status }: { status: string }): string {
  return status
}

function errorFields({ errors }: { errors: object | null }): string[] {
  return Object.keys(errors ?? {})
}
