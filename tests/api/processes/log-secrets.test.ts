import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Sql } from 'postgres'
import postgres from 'postgres'
import { linkParts } from '../../support/data/mails.ts'
import { addOperator } from '../../support/data/operators.ts'
import type { SmtpServer } from '../../support/data/smtp.ts'
import { createSmtpServer } from '../../support/data/smtp.ts'
import type { Call } from '../../support/http.ts'
import { runCli } from '../../support/process/cli.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld } from '../../support/world.ts'

/** A text in every place of a request where somebody could have a secret or personal data. */
const canary = `canary${randomBytes(6).toString('hex')}`
/** Everything that must not be in the log. */
const secrets = new Set([canary])

let smtp: SmtpServer
let world: World
/** It writes the log: one of its own, so that its errors are no errors of the world. */
let server: SecondServer
let sql: Sql
beforeAll(async () => {
  smtp = await createSmtpServer()
  await smtp.start()
  world = await createWorld({ SMTP_URL: smtp.url, SIGNUP: 'open', WORKERS: '2' })
  server = await startBeside(world)
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  await smtp.stop()
})

test('nothing that signs anyone in, and nobody’s data, is in the log of a run that uses all of it', async () => {
  const operator = await addOperator(world, `${canary}-operator@example.com`, 'Support')
  for (const place of [world.acme, world.globex]) {
    await useCredentials(place)
    await useLinks(place)
    await useData(place)
    await supportSomebody(place, operator.token)
    await breakTable(place)
  }
  await signUp()
  await failToMail()
  for (const place of [world.acme, world.globex]) await guessLinks(place)
  secrets.add(operator.token).add(operator.password)
  const { SECRET, PEPPER, DATABASE_URL } = world.env
  for (const secret of [SECRET!, PEPPER!, DATABASE_URL!]) secrets.add(secret)
  await addHashes()

  // It looks for what every log is searched for, too: no line is text, and each is a documented event.
  expect(await server.stop()).toBe(0)
  const events = new Set(server.log.map(({ event }) => event))
  for (const event of expectedEvents) expect(events).toContain(event)
  const lines = server.log.map(line => JSON.stringify(line))
  const parts = [...secrets].flatMap(secret => [secret, ...secret.split('.')]).filter(part => part.length >= 8)
  expect(parts.length).toBeGreaterThan(100)
  // A mail server's refusal names the recipient.
  const ofMail = /"event":"mail_delivery_(?:failed|abandoned)"/
  expect(lines.filter(line => !ofMail.test(line) && parts.some(part => line.includes(part)))).toEqual([])
  expect(lines.filter(line => ofMail.test(line)).length).toBeGreaterThan(0)
})

const expectedEvents = [
  'server_started',
  'sign_in_succeeded',
  'sign_in_failed',
  'password_refused',
  'permission_refused',
  'cross_site_refused',
  'refresh_token_reused',
  'foreign_token_rejected',
  'limit_reached',
  'mail_sent',
  'mail_delivery_abandoned',
  'request_failed',
]

test('the command line prints no secret of its environment, and no password that it reads', async () => {
  const password = `${canary} as a password`
  const env: Record<string, string> = { ...world.env, LOG_LEVEL: 'debug' }
  const create = ['tenant', 'create', '--name', 'Initech', '--subdomain', 'initech', '--email', 'office@initech.test']
  const outcomes = [
    await runCli([...create, '--admin-email', 'ann@initech.test', '--password-stdin'], env, password),
    await runCli([...create, '--admin-email', 'ann@initech.test', '--password-stdin'], env, password),
    await runCli(['doctor'], { ...env, DATABASE_URL: `postgres://tenantry:${canary}@127.0.0.1:1/none` }),
    await runCli(['doctor'], { ...env, SECRET: canary }),
    await runCli(['keys', 'rotate', 'acme'], env),
  ]
  expect(outcomes.map(({ code }) => code === 0)).toEqual([true, false, false, false, true])
  const printed = outcomes.map(({ output, errors }) => output + errors).join('\n')
  for (const secret of [canary, env.SECRET!, env.PEPPER!, env.DATABASE_URL!]) expect(printed).not.toContain(secret)
  expect(printed).not.toMatch(/\$2b\$|PRIVATE KEY|eyJ/)
})

/** Calls the server whose log is searched, and learns what it has answered. */
async function call(place: Place, path: string, options?: Call) {
  const answer = await server.at(place, path, options)
  for (const [token] of answer.text.matchAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g)) secrets.add(token)
  for (const value of Object.values(answer.cookies)) secrets.add(value)
  return answer
}

async function useCredentials(place: Place): Promise<void> {
  const other = place === world.acme ? world.globex : world.acme
  const { email, password } = place.staff
  for (const secret of [email, password, place.admin.email, place.admin.password]) secrets.add(secret)
  const pair = (await call(place, `${auth}/jwt/create/`, { body: { email, password } })).json
  const wrong = { email: `${canary}@example.com`, password: `${canary} wrong` }
  expect((await call(place, `${auth}/jwt/create/`, { body: wrong })).status).toBe(401)
  expect((await call(place, `${auth}/jwt/create/`, { body: `{"password":"${canary}` })).status).toBe(400)
  const me = `${auth}/users/me/`
  for (const authorization of [
    `Bearer ${canary}`,
    `Bearer ${pair.access}x`,
    `Basic ${btoa(`${canary}:${canary}`)}`,
    canary,
  ])
    expect((await call(place, me, { headers: { authorization } })).status).toBe(401)
  expect((await call(other, me, { token: pair.access })).status).toBe(401)
  expect((await call(place, `${me}?token=${canary}`, { token: pair.access })).status).toBe(200)

  const next = (await call(place, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).json
  await sql`update ${sql(place.schema)}.sessions set rotated_at = now() - interval '2 hours'`
  expect((await call(place, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).status).toBe(401)
  await call(place, `${auth}/jwt/verify/`, { body: { token: next.access } })
  await call(place, `${auth}/jwt/blacklist/`, { body: { refresh: canary } })

  const signIn = { body: { email, password }, sameOrigin: true }
  const { cookies } = await call(place, `${auth}/session/`, signIn)
  await call(place, `${auth}/session/refresh/`, { method: 'POST', cookies, sameOrigin: true })
  const twice = { cookie: `tenantry_access=${canary}; tenantry_access=${cookies.tenantry_access}` }
  expect((await call(place, me, { headers: twice })).status).toBe(400)
  expect((await call(place, me, { cookies: { tenantry_access: canary } })).status).toBe(401)
  const crossing = { method: 'PATCH', body: {}, cookies, headers: { origin: other.origin } }
  expect((await call(place, `${me}?x=${canary}`, crossing)).status).toBe(403)
  const change = { current_password: `${canary} is not it`, new_password: `${canary} would be new` }
  expect((await call(place, `${auth}/users/set_password/`, { body: change, cookies, sameOrigin: true })).status).toBe(
    400,
  )
  expect((await call(place, `${api}/audit/?search=${canary}`, { cookies })).status).toBe(403)
  await call(place, `${auth}/session/`, { method: 'DELETE', cookies, sameOrigin: true })
}

async function useLinks(place: Place): Promise<void> {
  const { email } = place.staff
  expect((await call(place, `${auth}/users/reset_password/`, { body: { email } })).status).toBe(204)
  const link = await linkTo(place, email, /\/auth\/password\/reset\//)
  expect((await call(place, new URL(link).pathname, { accept: 'text/html' })).status).toBe(200)
  const password = newPassword()
  const confirm = (parts: object) =>
    call(place, `${auth}/users/reset_password_confirm/`, {
      body: { ...parts, new_password: password, re_new_password: password },
    })
  expect((await confirm({ ...linkParts(link), token: canary })).status).toBe(400)
  expect((await confirm(linkParts(link))).status).toBe(204)
  place.staff.password = password
  await call(place, `${auth}/users/activation/`, { body: { uid: canary, token: canary } })
  for (const page of ['auth/activate/x', 'auth/email/x', 'invite', 'support'])
    await call(place, `/${page}/${canary}`, { accept: 'text/html' })

  const { json } = await call(place, `${auth}/jwt/create/`, { body: place.admin })
  const invited = `${canary}-invited@example.com`
  const body = { email: invited, first_name: canary }
  expect((await call(place, `${api}/invitations/`, { token: json.access, body })).status).toBe(201)
  const invitation = await linkTo(place, invited, /\/invite\//)
  const { token } = linkParts(invitation)
  expect((await call(place, `/invite/${token}`, { accept: 'text/html' })).status).toBe(200)
  expect((await call(place, `${api}/invitations/lookup/`, { body: { token } })).status).toBe(200)
  const accepted = { token, first_name: canary, last_name: canary, password: newPassword() }
  expect((await call(place, `${api}/invitations/accept/`, { body: accepted })).status).toBeLessThan(300)
  expect((await call(place, `${api}/invitations/accept/`, { body: accepted })).status).toBeGreaterThanOrEqual(400)
}

/** Until the limit. */
async function guessLinks(place: Place): Promise<void> {
  const password = newPassword()
  for (let i = 0, status = 0; status !== 429; i++) {
    const body = { uid: canary, token: `${canary}${i}`, new_password: password, re_new_password: password }
    ;({ status } = await call(place, `${auth}/users/reset_password_confirm/`, { body }))
  }
}

async function useData(place: Place): Promise<void> {
  const { json } = await call(place, `${auth}/jwt/create/`, { body: place.admin })
  const token = json.access as string
  const headers = { 'idempotency-key': `${canary}-once`, 'user-agent': canary, 'referer': `http://${canary}/` }
  for (const name of [canary, canary, `${canary} another`])
    await call(place, `${api}/departments/`, { token, headers, body: { name } })
  const csv = `email,first_name,last_name,role\n${canary},${canary},x,Staff\n${place.admin.email},,${canary},Nobody\n`
  const upload = { method: 'POST', token, headers: { 'content-type': 'text/csv' }, body: csv }
  expect((await call(place, `${api}/users/import/`, upload)).status).toBe(200)
  expect((await call(place, `${api}/users/?search=${canary}`, { token })).status).toBe(200)
  expect((await call(place, `${api}/${canary}/?x=${canary}`, { token })).status).toBe(404)
  expect((await call(place, `/${canary}?x=${canary}`, { accept: 'text/html' })).status).toBe(404)
}

async function supportSomebody(place: Place, token: string): Promise<void> {
  const { console } = world
  const asked = { token, body: { user: place.staff.id, reason: canary } }
  const { json } = await call(console, `${api}/tenants/${place.id}/support-accesses/`, asked)
  const link = linkParts(json.url).token
  secrets.add(link)
  expect((await call(place, `/support/${link}`, { accept: 'text/html' })).status).toBe(200)
  const opened = { body: { token: link }, sameOrigin: true }
  expect((await call(place, `${auth}/session/support/`, opened)).status).toBe(200)
  expect((await call(place, `${auth}/session/support/`, opened)).status).toBeGreaterThanOrEqual(400)
  await call(console, `${api}/tenants/?search=${canary}`, { token })
  expect((await call(console, `${api}/tenants/`, { token, body: { name: canary } })).status).toBeGreaterThanOrEqual(400)
}

/** A defect whose statement has the canary as a parameter. */
async function breakTable(place: Place): Promise<void> {
  const { json } = await call(place, `${auth}/jwt/create/`, { body: place.admin })
  const table = sql`${sql(place.schema)}.departments`
  await sql`alter table ${table} rename column name to other_name`
  const answer = await call(place, `${api}/departments/`, { token: json.access, body: { name: `${canary} broken` } })
  await sql`alter table ${table} rename column other_name to name`
  expect(answer.status).toBe(500)
}

async function signUp(): Promise<void> {
  const host = `localhost:${world.port}`
  const site = { ...world.console, host, origin: `http://${host}` }
  const email = `${canary}-signup@example.com`
  const body = { name: canary, subdomain: canary, email, first_name: canary }
  expect((await call(site, `${api}/signup/`, { body })).status).toBeLessThan(300)
  const { token } = linkParts(await linkTo(site, email, /\/signup\/confirm\//))
  expect((await call(site, `/signup/confirm/${token}`, { accept: 'text/html' })).status).toBe(200)
  for (const path of ['signup/lookup/', 'signup/confirmation/'])
    for (const tried of [canary, token]) await call(site, `${api}/${path}`, { body: { token: tried } })
}

async function failToMail(): Promise<void> {
  const { json } = await call(world.acme, `${auth}/jwt/create/`, { body: world.acme.admin })
  const isAbandoned = () => server.log.some(({ event }) => event === 'mail_delivery_abandoned')
  // Either server may send a mail.
  for (let i = 0; !isAbandoned(); i++) {
    const email = `${canary}-unknown-${i}@example.com`
    smtp.unknown.add(email)
    await call(world.acme, `${api}/invitations/`, { token: json.access, body: { email } })
    await vi.waitUntil(() => isAbandoned() || logged(world, i), waitLimit)
  }
}

function logged({ server: { log } }: World, count: number): boolean {
  return log.filter(({ event }) => event === 'mail_delivery_abandoned').length > count
}

/** One that is like nobody's name. */
function newPassword(): string {
  const password = `${randomBytes(6).toString('hex')} as a password`
  secrets.add(password)
  return password
}

/** Waits for the mail of a place to an address, and learns its link. */
async function linkTo({ origin }: Pick<Place, 'origin'>, to: string, path: RegExp): Promise<string> {
  const find = () =>
    smtp.mails
      .filter(mail => mail.to === to)
      .flatMap(({ links }) => links)
      .findLast(link => link.startsWith(origin) && path.test(link))
  await vi.waitUntil(() => find() !== undefined, waitLimit)
  const link = find()!
  secrets.add(linkParts(link).token)
  return link
}

/** What the database has in place of passwords and tokens. */
async function addHashes(): Promise<void> {
  for (const { schema } of [world.acme, world.globex, world.console])
    for (const { password } of await sql`select password from ${sql(schema)}.users where password is not null`)
      secrets.add(password as string)
}
