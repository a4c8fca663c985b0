import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { platformAuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant, createTenantByMail } from '#server/domain/tenants/create.ts'
import { verbsFrom } from '#server/domain/tenants/lifecycle/transitions.ts'
import { purgeOverdue } from '#server/domain/tenants/purge.ts'
import { createUser } from '#server/domain/users/create.ts'
import { tenantStatuses } from '#shared/tenant-statuses.ts'
import { mailsTo } from '../../support/data/mails.ts'
import { setStanding } from '../../support/data/standing.ts'
import type { Answer, Call } from '../../support/http.ts'
import { runCli } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { sendRaw } from '../../support/raw-http.ts'
import type { Place, World } from '../../support/world.ts'
import { api, atOneProcess, auth, createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

const page = { accept: 'text/html' }
const password = 'violet harbour at dawn'

let world: World
let second: SecondServer
let sql: postgres.Sql
let uploads: string
let owner: string

beforeAll(async () => {
  uploads = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  world = await createWorld({ UPLOAD_DIR: uploads, ACCESS_TTL: '3600' })
  second = await startBeside(world)
  sql = postgres(world.env.DATABASE_URL!, { max: 3, onnotice: () => {}, connection: { application_name: 'tests' } })
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(async () => {
  await sql.end()
  await second.stop()
  await world.stop()
  await rm(uploads, { recursive: true })
})

describe("a tenant's states", () => {
  const verbs = {
    suspend: ['PUT', 'suspension'],
    resume: ['DELETE', 'suspension'],
    scheduleDeletion: ['PUT', 'deletion'],
    cancelDeletion: ['DELETE', 'deletion'],
  } as const
  const leadsTo = {
    suspend: 'suspended',
    resume: 'active',
    scheduleDeletion: 'deleting',
    cancelDeletion: 'active',
  } as const

  test.each(tenantStatuses)('lead on where the table says, and nowhere else: %s', async state => {
    const place = await makeTenant(`state-${state}`)
    for (const [verb, [method, noun]] of Object.entries(verbs) as [
      keyof typeof verbs,
      (typeof verbs)[keyof typeof verbs],
    ][]) {
      await sql`update platform.tenants set status = ${state}, purge_after = ${state === 'deleting' ? new Date(Date.now() + 86_400_000) : null}, status_before = ${state === 'deleting' ? 'active' : null} where id = ${place.id}`
      const answer = await onConsole(`tenants/${place.id}/${noun}/`, { method, body: {} })
      if ((verbsFrom[verb] as readonly string[]).includes(state))
        expect([answer.status, answer.json.status]).toEqual([200, leadsTo[verb]])
      else {
        expect(answer).toMatchObject({ status: 409, json: { code: 'wrong_state' } })
        expect(await sql`select status from platform.tenants where id = ${place.id}`).toEqual([{ status: state }])
      }
    }
  })

  test('are changed by operators according to their role: Support suspends, an Owner also deletes, others read', async () => {
    const place = await makeTenant('by-role')
    const tokens = { Support: await operatorToken('Support'), Staff: await operatorToken('Staff') }
    const tries: [string, string, object][] = [
      ['PUT', 'suspension', {}],
      ['DELETE', 'suspension', {}],
      ['PUT', 'maintenance', {}],
      ['DELETE', 'maintenance', {}],
      ['PUT', 'deletion', {}],
      ['DELETE', 'deletion', {}],
      ['PATCH', '', { name: 'Mine' }],
      ['POST', 'domains', { host: 'x.example.org' }],
      ['POST', 'keys', {}],
    ]
    for (const [role, token] of Object.entries(tokens)) {
      expect((await onConsole(`tenants/${place.id}/`, { token })).status).toBe(200)
      for (const [i, [method, noun, body]] of tries.entries()) {
        const { status } = await onConsole(`tenants/${place.id}/${noun}${noun && '/'}`, { method, body, token })
        expect([role, method, noun, status]).toEqual([role, method, noun, role === 'Support' && i < 4 ? 200 : 403])
      }
      expect((await onConsole('tenants/', { token, body: newTenant('not-mine') })).status).toBe(403)
    }
  })

  test("cannot be changed by anyone else: neither a tenant's Admin, on any host, nor a visitor", async () => {
    const { access } = await signInAs(world.acme, world.acme.admin)
    for (const path of [`tenants/${world.acme.id}/suspension/`, `tenants/${world.globex.id}/deletion/`]) {
      expect((await world.acme.call(`${api}/${path}`, { method: 'PUT', token: access, body: {} })).status).toBe(404)
      expect((await world.console.call(`${api}/${path}`, { method: 'PUT', token: access, body: {} })).status).toBe(401)
      expect((await world.console.call(`${api}/${path}`, { method: 'PUT', body: {} })).status).toBe(401)
    }
    expect((await onConsole(`tenants/${world.acme.id}/`)).json.status).toBe('active')
  })
})

describe('a tenant that is suspended in one process', () => {
  // TEN-02, LIFE-09, FLT-17, FLT-18
  test('is closed in another at once, for programs, pages, renewals and pictures, and open again with its sessions', async () => {
    const { globex } = world
    const pair = await signInAs(globex, globex.staff)
    const cookies = await signInWithCookies(globex, globex.staff)
    const picture = await uploadPhoto(globex, pair.access)
    const requests = (): Promise<Answer>[] => [
      second.at(globex, `${auth}/users/me/`, { token: pair.access }),
      second.at(globex, '/people', { ...page, cookies }),
      second.at(globex, picture, { token: pair.access }),
      second.at(globex, '/.well-known/jwks.json'),
      second.at(globex, `${auth}/jwt/create/`, {
        body: { email: globex.staff.email, password: globex.staff.password },
      }),
      second.at(globex, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } }),
    ]
    for (const answer of await Promise.all(requests().slice(0, 4))) expect(answer.status).toBe(200)

    expect(
      (await onConsole(`tenants/${globex.id}/suspension/`, { method: 'PUT', body: { reason: 'An unpaid bill' } })).json,
    ).toMatchObject({ status: 'suspended', status_reason: 'An unpaid bill', is_active: false })
    await expect
      .poll(async () => (await second.at(globex, '/.well-known/jwks.json')).status, { interval: 10 })
      .toBe(403)
    for (const answer of await Promise.all(requests())) {
      expect(answer.status).toBe(403)
      expect(answer.cookies).toEqual({})
      expect(answer.text).not.toContain('unpaid')
      if (answer.json)
        expect(answer.json).toEqual({ detail: 'This organisation is suspended.', code: 'tenant_inactive' })
    }
    const closed = await second.at(globex, '/people', { ...page, headers: { 'accept-language': 'ar,en;q=0.5' } })
    expect(closed.text).toContain('dir="rtl"')
    expect((await second.at(globex, '/people', page)).text).toContain('This organisation is suspended')
    expect((await second.at(world.acme, '/.well-known/jwks.json')).status).toBe(200)

    await onConsole(`tenants/${globex.id}/suspension/`, { method: 'DELETE' })
    await expect
      .poll(async () => (await second.at(globex, '/.well-known/jwks.json')).status, { interval: 10 })
      .toBe(200)
    for (const answer of await Promise.all(requests())) expect(answer.status).toBe(200)
  })

  test('is notified by the platform, with the reason, and has it in its own audit; its mails wait', async () => {
    const { globex } = world
    await onConsole(`tenants/${globex.id}/suspension/`, { method: 'PUT', body: { reason: 'A broken rule' } })
    await expect.poll(async () => (await globex.call('/.well-known/jwks.json')).status).toBe(403)
    await sql`insert into platform.outbox (id, realm, kind, recipient, data, created, due_at) values (gen_random_uuid(), ${globex.id}, 'password_changed', 'waits@example.com', '{}', now(), now())`
    await sql`select pg_notify('tenantry_outbox', '')`
    await expect
      .poll(
        () =>
          sql`select sent_at is null as waits from platform.outbox where kind = 'tenant_notice' order by created desc limit 1`.then(
            rows => rows[0]?.waits,
          ),
        waitLimit,
      )
      .toBe(false)
    expect(await sql`select sent_at from platform.outbox where recipient = 'waits@example.com'`).toEqual([
      { sent_at: null },
    ])
    await onConsole(`tenants/${globex.id}/suspension/`, { method: 'DELETE' })
    expect(await mailsTo(world, globex, 'waits@example.com')).toHaveLength(1)
    const notices = await mailsTo(world, world.console, 'office@globex.test')
    expect(notices.find(mail => mail.text.includes('A broken rule'))?.subject).toBe(
      'Globex Corporation has been suspended',
    )
    const { access } = await signInAs(globex, globex.admin)
    const record = await globex.call(`${api}/audit/?action=organization.suspended`, { token: access })
    expect(record.json.results[0]).toMatchObject({ actor: null, details: { reason: 'A broken rule' } })
    const platform = await onConsole('audit/?action=tenant.suspended')
    expect(platform.json.results[0]).toMatchObject({
      actor: world.console.admin.id,
      subject: globex.id,
      details: { reason: 'A broken rule' },
    })
  })
})

describe('a tenant in maintenance', () => {
  test('answers 503 in every process, other tenants do not; afterwards it is unchanged', async () => {
    const { globex, acme } = world
    const pair = await signInAs(globex, globex.staff)
    expect(
      (await onConsole(`tenants/${globex.id}/maintenance/`, { method: 'PUT', body: {} })).json.maintenance_since,
    ).toEqual(expect.any(String))
    expect((await onConsole(`tenants/${globex.id}/maintenance/`, { method: 'PUT', body: {} })).status).toBe(409)
    await expect
      .poll(async () => (await second.at(globex, '/.well-known/jwks.json')).status, { interval: 10 })
      .toBe(503)
    for (const path of [`${auth}/users/me/`, '/people', '/.well-known/jwks.json', `${auth}/jwt/refresh/`]) {
      const answer = await second.at(
        globex,
        path,
        path.includes('refresh') ? { body: { refresh: pair.refresh } } : { token: pair.access },
      )
      expect(answer).toMatchObject({ status: 503, json: { code: 'maintenance' } })
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect((await second.at(globex, '/people', page)).text).toContain('Under maintenance')
    expect((await second.at(acme, '/.well-known/jwks.json')).status).toBe(200)
    await onConsole(`tenants/${globex.id}/maintenance/`, { method: 'DELETE' })
    await expect
      .poll(async () => (await second.at(globex, `${auth}/users/me/`, { token: pair.access })).status, { interval: 10 })
      .toBe(200)
    expect((await second.at(globex, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).status).toBe(200)
  })

  test('is refused by the query that loads the user in a process that has not received the announcement yet', async () => {
    const globex = atOneProcess(world, world.globex)
    const pair = await signInAs(globex, globex.staff)
    await setStanding(sql, globex, 'maintenance')
    expect((await globex.call(`${auth}/users/me/`, { token: pair.access })).json.code).toBe('maintenance')
    expect((await globex.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).json.code).toBe(
      'maintenance',
    )
    await setStanding(sql, globex, 'active')
    expect((await globex.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).status).toBe(200)
  })
})

describe('a deletion that is scheduled', () => {
  test('closes the tenant, and its cancellation restores the former status', async () => {
    const place = await makeTenant('second-thoughts')
    await onConsole(`tenants/${place.id}/suspension/`, { method: 'PUT', body: { reason: 'Before' } })
    const scheduled = await onConsole(`tenants/${place.id}/deletion/`, {
      method: 'PUT',
      body: { reason: 'They asked' },
    })
    expect(scheduled.json).toMatchObject({ status: 'deleting', status_reason: 'They asked' })
    expect(Date.parse(scheduled.json.purge_after) - Date.now()).toBeGreaterThan(29 * 86_400_000)
    await expect.poll(async () => (await place.call('/.well-known/jwks.json')).text).toContain('is closed')
    const restored = await onConsole(`tenants/${place.id}/deletion/`, { method: 'DELETE' })
    expect(restored.json).toMatchObject({ status: 'suspended', status_reason: 'Before', purge_after: null })
  })

  test('is carried out when its grace period is over, and not before', async () => {
    const [early, due] = [await makeTenant('early'), await makeTenant('due')]
    for (const { id } of [early, due]) await onConsole(`tenants/${id}/deletion/`, { method: 'PUT', body: {} })
    await sql`update platform.tenants set purge_after = now() - interval '1 second' where id = ${due.id}`
    await purgeOverdue(world.app)
    await untilGone(due.id)
    expect((await onConsole(`tenants/${early.id}/`)).json.status).toBe('deleting')
  })
})

describe('a tenant that is removed', () => {
  // MIG-12
  test('leaves a tombstone and nothing else, and another tenant is unchanged', async () => {
    const place = await makeTenant('removed')
    const { access } = await signInAs(place, place.admin)
    await uploadPhoto(place, access)
    await onConsole(`tenants/${place.id}/`, { method: 'PATCH', body: { subdomain: 'removed-too' } })
    await sql`insert into platform.outbox (id, realm, kind, recipient, data, created, due_at) values (gen_random_uuid(), ${place.id}, 'password_changed', 'x@example.com', '{}', now(), now() + interval '1 day')`
    expect(existsSync(join(uploads, place.schema))).toBe(true)
    const before = await world.acme.call(`${auth}/users/me/`, {
      token: (await signInAs(world.acme, world.acme.staff)).access,
    })

    for (const body of [{ now: true }, { now: true, subdomain: 'removed' }])
      expect((await onConsole(`tenants/${place.id}/deletion/`, { method: 'PUT', body })).status).toBe(400)
    const begun = await onConsole(`tenants/${place.id}/deletion/`, {
      method: 'PUT',
      body: { now: true, subdomain: 'removed-too' },
    })
    expect(begun.json).toMatchObject({
      status: 'purging',
      operation: { kind: 'purge', state: expect.stringMatching(/queued|running/) },
    })
    await untilGone(place.id)

    // Its end is recorded after that.
    await expect
      .poll(async () => (await onConsole(`operations/${begun.json.operation.id}/`)).json, waitLimit)
      .toMatchObject({ state: 'done', tenant: place.id, error: null })
    expect(await sql`select 1 from pg_namespace where nspname = ${place.schema}`).toEqual([])
    expect(await sql`select 1 from platform.schema_versions where schema = ${place.schema}`).toEqual([])
    expect(await sql`select 1 from platform.outbox where realm = ${place.id}`).toEqual([])
    expect(await sql`select 1 from platform.former_subdomains where tenant = ${place.id}`).toEqual([])
    expect(existsSync(join(uploads, place.schema))).toBe(false)
    expect(
      (await sql`select subdomain from platform.tombstones where tenant = ${place.id} order by 1`).map(
        row => row.subdomain,
      ),
    ).toEqual(['removed', 'removed-too'])
    expect((await onConsole(`tenants/${place.id}/`)).status).toBe(404)
    expect(
      (
        await onConsole(`tenants/${place.id}/deletion/`, {
          method: 'PUT',
          body: { now: true, subdomain: 'removed-too' },
        })
      ).status,
    ).toBe(404)
    await expect.poll(async () => (await second.at(place, `${auth}/users/me/`, { token: access })).status).toBe(404)
    for (const subdomain of ['removed', 'removed-too'])
      expect((await onConsole('tenants/', { body: newTenant(subdomain) })).json).toEqual({
        subdomain: ['This subdomain is taken.'],
      })
    await sql`update platform.tombstones set quarantined_until = now() where tenant = ${place.id}`
    expect((await onConsole('tenants/', { body: newTenant('removed') })).status).toBe(201)
    expect(
      (await world.acme.call(`${auth}/users/me/`, { token: (await signInAs(world.acme, world.acme.staff)).access }))
        .json.id,
    ).toBe(before.json.id)
  })
})

describe('a tenant that is renamed', () => {
  // LIFE-15, FLT-18
  test('keeps its sessions at the new host at once, and the old host redirects there, with method and path', async () => {
    const place = await makeTenant('before')
    const pair = await signInAs(place, place.admin)
    const renamed = await onConsole(`tenants/${place.id}/`, {
      method: 'PATCH',
      body: { subdomain: 'Afterwards', name: 'Afterwards Ltd' },
    })
    expect(renamed.json).toMatchObject({
      subdomain: 'afterwards',
      name: 'Afterwards Ltd',
      schema: place.schema,
      former_subdomains: [{ subdomain: 'before' }],
    })
    const after = placeLike(place, 'afterwards')

    await expect
      .poll(async () => (await second.at(after, `${auth}/users/me/`, { token: pair.access })).status, { interval: 10 })
      .toBe(200)
    await expect.poll(async () => (await second.at(place, '/')).status, { interval: 10 }).toBe(308)
    for (const [path, options] of [
      ['/people?page=2', page],
      [`${api}/users/?search=x`, {}],
      [`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } }],
    ] as const) {
      const answer = await place.call(path, options)
      expect(answer.status).toBe(308)
      expect(answer.headers.location).toBe(`${after.origin}${path}`)
      expect(answer.cookies).toEqual({})
    }
    const renewed = await second.at(after, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
    expect(renewed.status).toBe(200)
    expect(JSON.parse(Buffer.from(renewed.json.access.split('.')[1], 'base64url').toString())).toMatchObject({
      iss: after.origin,
      aud: place.id,
    })
    expect((await after.call(`${auth}/users/me/`, { token: renewed.json.access })).status).toBe(200)
    expect((await signInAs(after, place.admin)).access).toEqual(expect.any(String))
    expect((await world.acme.call(`${auth}/users/me/`, { token: renewed.json.access })).status).toBe(401)
  })

  test('redirects to the exact path, and never to another host, for any path', async () => {
    const place = await makeTenant('plain')
    await onConsole(`tenants/${place.id}/`, { method: 'PATCH', body: { subdomain: 'elsewhere' } })
    const { origin } = placeLike(place, 'elsewhere')
    await expect.poll(async () => (await place.call('/')).status).toBe(308)
    for (const path of [
      '/a%20b%2Fc%3Fd?x=%26',
      '/%E4%BD%A0',
      '/%0d%0aSet-Cookie:%20x=1',
      '/%00',
      '//example.org/x',
      '/%5cexample.org',
      '/@example.org',
    ]) {
      const { status, headers } = await place.call(path)
      expect([path, status, headers.location, headers['set-cookie']]).toEqual([
        path,
        308,
        `${origin}${path}`,
        undefined,
      ])
    }
    for (const target of ['http://example.org/x', 'other://example.org/x']) {
      const { status, headers } = await sendRaw(world.server.port, [`GET ${target} HTTP/1.1`, `Host: ${place.host}`])
      expect([target, status, headers.location]).toEqual([target, 308, `${origin}/`])
    }
  })

  test('reserves its former subdomain while it redirects; afterwards its old tokens are invalid and the subdomain is free', async () => {
    const place = await makeTenant('once')
    const pair = await signInAs(place, place.admin)
    await onConsole(`tenants/${place.id}/`, { method: 'PATCH', body: { subdomain: 'twice' } })
    expect((await onConsole('tenants/', { body: { ...newTenant('once'), name: 'An heir' } })).json).toEqual({
      subdomain: ['This subdomain is taken.'],
    })
    expect(
      (await onConsole(`tenants/${world.globex.id}/`, { method: 'PATCH', body: { subdomain: 'once' } })).json,
    ).toEqual({ subdomain: ['This subdomain is taken.'] })
    await onConsole(`tenants/${place.id}/`, { method: 'PATCH', body: { subdomain: 'once' } })
    await expect.poll(async () => (await place.call(`${auth}/users/me/`, { token: pair.access })).status).toBe(200)
    await onConsole(`tenants/${place.id}/`, { method: 'PATCH', body: { subdomain: 'twice' } })

    await sql`update platform.former_subdomains set redirects_until = now() where subdomain = 'once'`
    const twice = placeLike(place, 'twice')
    await expect.poll(async () => (await twice.call('/.well-known/jwks.json')).status).toBe(200)
    expect((await twice.call(`${auth}/users/me/`, { token: pair.access })).json.code).toBe('token_not_valid')
    const heir = await onConsole('tenants/', { body: { ...newTenant('once'), name: 'An heir' } })
    expect(heir.status).toBe(201)
    await expect.poll(async () => (await place.call('/.well-known/jwks.json')).status).toBe(200)
    expect((await place.call(`${auth}/users/me/`, { token: pair.access })).status).toBe(401)
  })
})

describe('the list of tenants', () => {
  test('is filtered, searched, ordered and paged, and is the same as a file', async () => {
    await makeTenant('findable')
    await onConsole(`tenants/${(await makeTenant('findable-too')).id}/suspension/`, { method: 'PUT', body: {} })
    const names = async (query: string) =>
      (await onConsole(`tenants/?${query}`)).json.results.map((row: { subdomain: string }) => row.subdomain)
    expect(await names('search=FINDABLE&ordering=subdomain')).toEqual(['findable', 'findable-too'])
    expect(await names('search=findable&status=suspended')).toEqual(['findable-too'])
    expect(await names('search=office%40findable.test')).toEqual(['findable'])
    expect(await names('search=findable&ordering=-subdomain&page_size=1')).toEqual(['findable-too'])
    expect((await onConsole('tenants/?status=gone')).status).toBe(400)
    expect((await onConsole('tenants/?ordering=schema')).status).toBe(400)
    const file = await onConsole('tenants/export.csv?search=findable')
    expect(
      file.text
        .split('\r\n')
        .slice(1, 3)
        .map(line => line.split(',')[2]),
    ).toEqual(['findable', 'findable-too'])
    const { tenant_id } = (await onConsole('tenants/?search=findable-too')).json.results[0]
    expect(await names(`search=${tenant_id.toLowerCase()}`)).toEqual(['findable-too'])
  })

  test('is 404 for a page out of range', async () => {
    for (const id of ['nonsense', '0198c0de-0000-7000-8000-000000000000']) {
      for (const path of [`tenants/${id}/`, `tenants/${id}/keys/`, `tenants/${id}/domains/`, `operations/${id}/`])
        expect((await onConsole(path)).status).toBe(404)
    }
  })
})

describe('an operator who makes a tenant', () => {
  // LIFE-10
  test('sees no password and no link: its first Admin gets a mail with one', async () => {
    const made = await onConsole('tenants/', { body: newTenant('mailed') })
    expect(made.status).toBe(201)
    expect(made.text).not.toMatch(/password|token/)
    const mails = await mailsTo(world, { ...placeLike(world.acme, 'mailed'), id: made.json.id }, 'ann@mailed.test')
    expect(mails.at(-1)!.links[0]).toMatch(/^http:\/\/mailed\.localhost:\d+\/auth\/password\/reset\//)
  })

  test('creates none without queueing its mail', async () => {
    await sql`alter table platform.outbox add constraint no_welcome check (kind <> 'welcome') not valid`
    await expect(
      createTenantByMail(world.app, loadMigrations('.', 'tenant'), newTenant('unmailed'), fromSystem),
    ).rejects.toThrow()
    await sql`alter table platform.outbox drop constraint no_welcome`
    expect(await sql`select from platform.tenants where subdomain = 'unmailed'`).toEqual([])
  })
})

describe('the command line', () => {
  test('renames, suspends, deletes and restores, with the result as JSON', async () => {
    await makeTenant('by-hand')
    const run = (...args: string[]) => runCli(['tenant', ...args, '--json'], world.env)
    expect((await run('rename', 'by-hand', '--subdomain', 'by-hand-2', '--name', 'By Hand')).json).toMatchObject({
      subdomain: 'by-hand-2',
      name: 'By Hand',
    })
    expect((await run('suspend', 'by-hand-2', '--reason', 'Why not')).json).toMatchObject({
      status: 'suspended',
      status_reason: 'Why not',
    })
    expect((await run('delete', 'by-hand-2')).code).toBe(2)
    expect((await run('delete', 'by-hand-2', '--yes')).json).toMatchObject({ status: 'deleting' })
    expect((await run('restore', 'by-hand-2')).json).toMatchObject({ status: 'suspended' })
    expect((await run('resume', 'by-hand-2')).json).toMatchObject({ status: 'active', is_active: true })
    const shown = (await run('show', 'by-hand-2')).json
    expect(shown).toMatchObject({
      name: 'By Hand',
      former_subdomains: ['by-hand'],
      admin: { email: 'ann@by-hand.test' },
      version: expect.any(String),
    })
    const gone = await run('delete', 'by-hand-2', '--now', '--yes')
    expect([gone.code, gone.json.status]).toEqual([0, 'gone'])
    expect(gone.errors).toContain('Deleting the schema')
    expect((await run('show', 'by-hand-2')).code).toBe(1)
  })
})

describe('tenantry doctor', () => {
  test('reports orphaned schemas and files, and removes them when told to', async () => {
    await sql`create schema t_nobody_000000`
    await mkdir(join(uploads, 't_nobody_111111'))
    await writeFile(join(uploads, 't_nobody_111111', 'x'), 'x')
    const found = await runCli(['doctor', '--json'], world.env)
    expect(found.code).toBe(1)
    const problems = (found.json.checks as { problems: string[] }[])
      .flatMap(check => check.problems)
      .filter(problem => problem.includes('nobody'))
    expect(problems).toHaveLength(2)
    for (const problem of problems) expect(problem).toContain('tenantry doctor --remove-orphans')
    const repaired = await runCli(['doctor', '--remove-orphans', '--json'], world.env)
    expect(repaired.json.removed).toEqual({ schemas: ['t_nobody_000000'], folders: ['t_nobody_111111'] })
    expect((await world.acme.call('/.well-known/jwks.json')).status).toBe(200)
  })
})

function onConsole(path: string, options: Call = {}): Promise<Answer> {
  return world.console.call(`${api}/${path}`, { token: owner, ...options })
}

function newTenant(subdomain: string) {
  return {
    name: `${subdomain} Ltd`,
    subdomain,
    business_email: `office@${subdomain}.test`,
    business_phone_number: '',
    admin_email: `ann@${subdomain}.test`,
  }
}

async function makeTenant(subdomain: string): Promise<Place> {
  const { tenant, admin } = await createTenant(
    world.app,
    loadMigrations('.', 'tenant'),
    { ...newTenant(subdomain), admin_password: password },
    fromSystem,
  )
  const person = { ...admin, password }
  return { ...placeLike(world.acme, subdomain), id: tenant.id, schema: tenant.schema, admin: person, staff: person }
}

/** The same tenant at another subdomain. */
function placeLike(place: Place, subdomain: string): Place {
  const host = `${subdomain}.localhost:${world.port}`
  return { ...place, host, origin: `http://${host}`, call: (path, options) => world.call(host, path, options) }
}

async function uploadPhoto(place: Place, token: string): Promise<string> {
  const { json: me } = await place.call(`${auth}/users/me/`, { token })
  const body = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  const answer = await place.call(`${api}/users/${me.id}/photo/`, {
    method: 'PUT',
    token,
    body,
    headers: { 'content-type': 'image/png' },
  })
  expect(answer.status).toBe(200)
  return answer.json.photo
}

async function operatorToken(role: 'Support' | 'Staff'): Promise<string> {
  const email = `${role.toLowerCase()}@example.com`
  await createUser(
    world.app,
    platformAuthRealm(world.app.database, world.console.origin),
    { email, password, role },
    fromSystem,
  )
  return (await signInAs(world.console, { id: '', email, password })).access
}

async function untilGone(id: string): Promise<void> {
  await expect
    .poll(() => sql`select 1 from platform.tenants where id = ${id}`.then(rows => rows.length), waitLimit)
    .toBe(0)
}
