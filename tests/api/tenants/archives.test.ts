import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { platformAuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import { checkStandings } from '#server/domain/platform/standing-checks.ts'
import { hashOf } from '#server/domain/sessions/one-time-links.ts'
import { createUser } from '#server/domain/users/create.ts'
import { finished, rowsOf } from '../../support/data/archives.ts'
import { mailsTo } from '../../support/data/mails.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer } from '../../support/http.ts'
import { call } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let sql: postgres.Sql
let folder: string
let owner: string
let admin: string
let red: Buffer
let blue: Buffer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-archives-'))
  world = await createWorld({
    ACCESS_TTL: '3600',
    ARCHIVE_DIR: join(folder, 'archives'),
    UPLOAD_DIR: join(folder, 'uploads'),
  })
  sql = postgres(world.env.DATABASE_URL!, { max: 4, onnotice: () => {} })
  owner = (await signInAs(world.console, world.console.admin)).access
  admin = (await signInAs(world.acme, world.acme.admin)).access
  ;[red, blue] = (await Promise.all(
    ['red', 'blue'].map(background =>
      sharp({ create: { width: 300, height: 200, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  )) as [Buffer, Buffer]
  await furnish()
})
afterAll(async () => {
  expect((await checkStandings(world.app)).problems).toEqual([])
  await sql.end()
  await world.stop()
  await rm(folder, { recursive: true })
})

describe('an archive', () => {
  let name: string
  beforeAll(async () => {
    name = await archiveAcme()
  })

  test('is one file that only its owner can read, with a place in both lists', async () => {
    const { size, mode } = await stat(join(folder, 'archives', name))
    expect(mode & 0o777).toBe(0o600)
    const expected = {
      name,
      size,
      ours: true,
      problem: null,
      people: 3,
      files: 4,
      tenant: { id: world.acme.id, name: 'Acme Ltd', subdomain: 'acme' },
    }
    expect((await onConsole('archives/')).json.results).toContainEqual(expect.objectContaining(expected))
    expect((await onConsole(`tenants/${world.acme.id}/archives/`)).json.results).toContainEqual(
      expect.objectContaining(expected),
    )
    expect((await onConsole(`tenants/${world.globex.id}/archives/`)).json).toMatchObject({ count: 0, results: [] })
    expect((await readdir(join(folder, 'archives'))).filter(file => file.startsWith('.'))).toEqual([])
  })

  test('holds neither sessions nor links nor private keys', async () => {
    const bytes = await readFile(join(folder, 'archives', name))
    for (const table of ['sessions', 'one_time_tokens', 'signing_keys', 'idempotency_keys'])
      expect(bytes.includes(`tables/${table}`)).toBe(false)
  })

  test('can be downloaded as it is, and is read by tar', async () => {
    const got = await onConsole(`archives/${name}/`)
    expect(got.status).toBe(200)
    expect(got.headers).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'private, no-store',
    })
    expect(got.bytes.equals(await readFile(join(folder, 'archives', name)))).toBe(true)
    expect(await audited('archive.downloaded')).toContainEqual({ archive: name })
  })

  test.each([
    '../secret',
    '..%2Fsecret',
    '%2e%2e%2fsecret',
    'acme-20260101T000000Z-00000000.tar/..',
    'acme.tar',
    '.work-1',
    'acme-20260101T000000Z-00000000.tar',
  ])('called %s is not there', async other => {
    await writeFile(join(folder, 'secret'), 'canary')
    for (const options of [{}, { method: 'DELETE' }, { body: { name: 'X', subdomain: 'xx-yy' } }]) {
      const path = `archives/${other}/${'body' in options ? 'restorations/' : ''}`
      const answer = await onConsole(path, options)
      expect([404, 405]).toContain(answer.status)
      expect(answer.text).not.toContain('canary')
    }
  })

  test('is deleted for good', async () => {
    const doomed = await archiveAcme()
    expect((await onConsole(`archives/${doomed}/`, { method: 'DELETE' })).status).toBe(204)
    expect((await onConsole(`archives/${doomed}/`, { method: 'DELETE' })).status).toBe(404)
    expect((await onConsole(`archives/${doomed}/`)).status).toBe(404)
    expect(await audited('archive.deleted')).toContainEqual({ archive: doomed })
  })

  test('is of one moment, while people go on working', async () => {
    let stopped = false
    const pairs = async () => {
      for (let i = 0; !stopped; i++) {
        const id = crypto.randomUUID()
        await sql.begin(async tx => {
          await tx`insert into ${tx(world.globex.schema)}.departments (id, name, created, updated) values (${id}, ${`pair ${id}`}, now(), now())`
          await tx`insert into ${tx(world.globex.schema)}.users (id, email, department, date_joined) values (${crypto.randomUUID()}, ${`pair-${id}@example.com`}, ${id}, now())`
        })
        await sleep(1)
      }
    }
    const writing = Promise.all([pairs(), pairs()])
    await expect
      .poll(async () => (await sql`select from ${sql(world.globex.schema)}.users where email like 'pair%'`).length)
      .toBeGreaterThan(0)
    const archives: string[] = []
    for (let i = 0; i < 3; i++) archives.push(await exported(world.globex))
    stopped = true
    await writing
    const { schema } = await restoredAs(archives[1]!, 'Moment', 'moment')
    const [row] = await sql`
      select count(*)::int as pairs, count(u.id)::int as whole from ${sql(schema)}.departments d
      left join ${sql(schema)}.users u on u.department = d.id where d.name like 'pair%'`
    expect(row!.pairs).toBeGreaterThan(0)
    expect(row!.whole).toBe(row!.pairs)
  })
})

describe('restored as another organisation, an archive', () => {
  let schema: string
  let copy: Place
  let before: Awaited<ReturnType<typeof rowsOf>>
  let globex: Awaited<ReturnType<typeof rowsOf>>
  beforeAll(async () => {
    before = await rowsOf(sql, world.acme.schema)
    globex = await rowsOf(sql, world.globex.schema)
    const restored = await restoredAs(await archiveAcme(), 'Acme Again', 'again')
    schema = restored.schema
    copy = {
      ...world.acme,
      host: `again.localhost:${world.port}`,
      id: restored.id,
      schema,
      call: (path, options) => call(world.port, `again.localhost:${world.port}`, path, options),
    }
  })

  test('restores the same rows in every table, and the same files', async () => {
    expect(await rowsOf(sql, schema)).toEqual(before)
    expect(await filesOf(schema)).toEqual(await filesOf(world.acme.schema))
    expect(Object.keys(await filesOf(schema))).toHaveLength(4)
  })

  test('accepts the same passwords, but no tokens or links of the original', async () => {
    const { access } = await signInAs(copy, world.acme.staff)
    expect((await copy.call(`${auth}/users/me/`, { token: access })).json).toMatchObject({
      id: world.acme.staff.id,
      email: world.acme.staff.email,
    })
    expect((await copy.call(`${api}/users/${world.acme.staff.id}/photo/`, { token: access })).status).toBe(200)
    expect((await copy.call(`${auth}/users/me/`, { token: admin })).status).toBe(401)
    expect((await world.acme.call(`${auth}/users/me/`, { token: access })).status).toBe(401)
  })

  test('does not contain valid invitation links, until they are sent again', async () => {
    const token = 'known-to-whoever-was-invited'
    await sql`update ${sql(world.acme.schema)}.invitations set token_hash = ${hashOf(token)}`
    await restoredAs(await archiveAcme(), 'Uninvited', 'uninvited')
    const host = `uninvited.localhost:${world.port}`
    const lookup = { body: { token } }
    expect((await call(world.port, host, `${api}/invitations/lookup/`, lookup)).status).toBe(400)
    expect((await world.acme.call(`${api}/invitations/lookup/`, lookup)).status).toBe(200)
  })

  test('leaves other organisations unchanged', async () => {
    expect(await rowsOf(sql, world.globex.schema)).toEqual(globex)
  })
})

describe('restored in place, an archive', () => {
  test('restores the data, signs everyone out, and archives the replaced data', async () => {
    const before = await rowsOf(sql, world.acme.schema)
    const readLinks = () => sql`select id, token_hash from ${sql(world.acme.schema)}.invitations`
    const links = await readLinks()
    const files = await filesOf(world.acme.schema)
    const globex = await rowsOf(sql, world.globex.schema)
    const archive = await archiveAcme()
    await world.acme.call(`${api}/users/${world.acme.staff.id}/photo/`, {
      method: 'PUT',
      token: admin,
      body: blue,
      headers: { 'content-type': 'image/png' },
    })
    await world.acme.call(`${auth}/users/${world.acme.staff.id}/`, {
      method: 'PATCH',
      token: admin,
      body: { first_name: 'Changed' },
    })
    const late = await addPerson(world, world.acme, 'late@example.com')
    const changed = await rowsOf(sql, world.acme.schema)
    const changedFiles = await filesOf(world.acme.schema)
    const keys = await sql`select kid from ${sql(world.acme.schema)}.signing_keys`

    const answer = await onConsole(`tenants/${world.acme.id}/restorations/`, { body: { archive } })
    expect(answer).toMatchObject({ status: 202, json: { kind: 'restore', tenant: world.acme.id } })
    const { state, error, result } = await finished(world.app, answer.json.id)
    expect([state, error]).toEqual(['done', null])

    const after = await rowsOf(sql, world.acme.schema)
    expect(after.audit_events!.filter(row => !row.includes('organization.data_restored'))).toEqual(before.audit_events)
    expect({ ...after, audit_events: [] }).toEqual({ ...before, audit_events: [] })
    expect(await readLinks()).toEqual(links)
    expect(await filesOf(world.acme.schema)).toEqual(files)
    expect(await sql`select kid from ${sql(world.acme.schema)}.signing_keys`).toEqual(keys)
    expect(await sql`select maintenance_since from platform.tenants where id = ${world.acme.id}`).toEqual([
      { maintenance_since: null },
    ])
    expect(await rowsOf(sql, world.globex.schema)).toEqual(globex)

    expect((await world.acme.call(`${auth}/users/me/`, { token: admin })).status).toBe(401)
    expect(
      (await world.acme.call(`${auth}/jwt/create/`, { body: { email: late.email, password: late.password } })).status,
    ).toBe(401)
    admin = (await signInAs(world.acme, world.acme.admin)).access

    const kept = await restoredAs(result!.kept as string, 'Kept', 'kept')
    expect(await rowsOf(sql, kept.schema)).toEqual(changed)
    expect(await filesOf(kept.schema)).toEqual(changedFiles)
  })

  test('waits for another that is under way on the same organisation', async () => {
    const archive = await archiveAcme()
    const lock = sql.begin(async tx => {
      await tx`lock table ${tx(world.acme.schema)}.departments in access exclusive mode`
      const running = await onConsole(`tenants/${world.acme.id}/exports/`, { body: {} })
      for (const [path, body] of [
        ['exports', {}],
        ['restorations', { archive }],
        ['clones', { name: 'Busy', subdomain: 'busy', admin_email: 'x@example.com' }],
      ] as const) {
        expect(await onConsole(`tenants/${world.acme.id}/${path}/`, { body })).toMatchObject({
          status: 409,
          json: { code: 'busy' },
        })
      }
      return running.json.id as string
    })
    expect((await finished(world.app, await lock)).state).toBe('done')
  })
})

describe('a clone', () => {
  const canaries = [
    'ann@example.com',
    'ben@example.com',
    'zebedee',
    'quixotic',
    'invited@example.com',
    'EMP-CANARY',
    '203.0.113.77',
    'CanaryBrowser',
    'canary.example',
  ]

  test("reveals nothing about the original's people", async () => {
    await sql`update ${sql(world.acme.schema)}.sessions set ip = '203.0.113.77', user_agent = 'CanaryBrowser/1.0'`
    const answer = await onConsole(`tenants/${world.acme.id}/clones/`, {
      body: { name: 'Acme Staging', subdomain: 'acme-staging', admin_email: 'dev@tenantry.test' },
    })
    expect(answer).toMatchObject({ status: 202, json: { kind: 'clone', tenant: world.acme.id } })
    const { state, error, result } = await finished(world.app, answer.json.id)
    expect([state, error]).toEqual(['done', null])
    const { schema } = await tenantOf(result!.tenant as string)
    const original = await everyText(world.acme.schema)
    const text = await everyText(schema)
    for (const canary of canaries) {
      expect(original.toLowerCase(), `the original has ${canary}`).toContain(canary.toLowerCase())
      expect(text.toLowerCase(), `the clone has ${canary}`).not.toContain(canary.toLowerCase())
    }
    expect(await filesOf(schema)).toEqual({})
    const [counts] = await sql`select
      (select count(*)::int from ${sql(schema)}.departments) as departments, (select count(*)::int from ${sql(schema)}.users) as users,
      (select count(distinct email)::int from ${sql(schema)}.users) as addresses, (select count(*)::int from ${sql(schema)}.users where password is not null or photo is not null) as traces,
      (select count(*)::int from ${sql(schema)}.invitations) as invitations, (select count(*)::int from ${sql(schema)}.sessions) as sessions`
    expect(counts).toEqual({ departments: 1, users: 4, addresses: 4, traces: 0, invitations: 0, sessions: 0 })
    // Department membership and ids stay the same.
    const places = (of: string) =>
      sql`select id, department, role, employee_id is null as bare from ${sql(of)}.users where email <> 'dev@tenantry.test' order by id`
    expect(await places(schema)).toEqual(await places(world.acme.schema))
  })

  test('belongs to its new Admin, who gets a link', async () => {
    const [clone] = await sql`select id from platform.tenants where subdomain = 'acme-staging'`
    const [mail] = await mailsTo(world, { id: clone!.id } as Place, 'dev@tenantry.test')
    expect(mail?.links[0]).toMatch(/^http:\/\/acme-staging\.localhost:\d+\/auth\/password\/reset\//)
  })

  test('is the same each time', async () => {
    const emails = await Promise.all(
      ['twin-a', 'twin-b'].map(async subdomain => {
        const answer = await retried(() =>
          onConsole(`tenants/${world.acme.id}/clones/`, {
            body: { name: subdomain, subdomain, admin_email: 'dev@tenantry.test' },
          }),
        )
        const { result } = await finished(world.app, answer.json.id)
        const { schema } = await tenantOf(result!.tenant as string)
        return sql`select id, email, first_name, last_name, employee_id from ${sql(schema)}.users where email <> 'dev@tenantry.test' order by id`
      }),
    )
    expect(emails[0]).toEqual(emails[1])
  })

  test('may keep one Admin, who signs in as before', async () => {
    expect(
      await onConsole(`tenants/${world.acme.id}/clones/`, {
        body: { name: 'Support', subdomain: 'acme-support', admin_email: world.acme.staff.email, keep_admin: true },
      }),
    ).toMatchObject({ status: 400, json: { admin_email: [expect.any(String)] } })
    const answer = await onConsole(`tenants/${world.acme.id}/clones/`, {
      body: { name: 'Support', subdomain: 'acme-support', admin_email: world.acme.admin.email, keep_admin: true },
    })
    expect((await finished(world.app, answer.json.id)).state).toBe('done')
    const signIn = (person: Person) =>
      call(world.port, `acme-support.localhost:${world.port}`, `${auth}/jwt/create/`, {
        body: { email: person.email, password: person.password },
      })
    expect((await signIn(world.acme.admin)).status).toBe(200)
    expect((await signIn(world.acme.staff)).status).toBe(401)
  })
})

describe('who may', () => {
  const routes = (tenant: string) =>
    [
      ['POST', `tenants/${tenant}/exports/`, {}],
      ['GET', `tenants/${tenant}/archives/`],
      ['GET', 'archives/'],
      ['POST', `tenants/${tenant}/restorations/`, { archive: 'x' }],
      ['POST', `tenants/${tenant}/clones/`, {}],
      ['GET', 'archives/acme-20260101T000000Z-00000000.tar/'],
      ['DELETE', 'archives/acme-20260101T000000Z-00000000.tar/'],
      ['POST', 'archives/acme-20260101T000000Z-00000000.tar/restorations/', {}],
    ] as const

  test("see, make and use archives: the console's Owners alone", async () => {
    for (const role of ['Support', 'Staff'] as const) {
      const person = { email: `${role}@example.com`.toLowerCase(), password: 'an unlikely row of words' }
      await createUser(
        world.app,
        platformAuthRealm(world.app.database, world.console.origin),
        { ...person, role },
        fromSystem,
      )
      const { access } = await signInAs(world.console, person as Person)
      for (const [method, path, body] of routes(world.acme.id))
        expect([
          method,
          path,
          (await world.console.call(`${api}/${path}`, { method, token: access, body })).status,
        ]).toEqual([method, path, 403])
    }
    for (const [method, path, body] of routes(world.acme.id)) {
      expect((await world.console.call(`${api}/${path}`, { method, body })).status).toBe(401)
      expect((await world.acme.call(`${api}/${path}`, { method, body, token: admin })).status).toBe(404)
      expect((await world.call(`localhost:${world.port}`, `${api}/${path}`, { method, body })).status).toBe(404)
    }
  })

  test('with valid input only', async () => {
    const archive = await archiveAcme()
    const unknown = crypto.randomUUID()
    for (const path of ['exports', 'restorations', 'clones']) {
      expect(
        (
          await onConsole(`tenants/${unknown}/${path}/`, {
            body: { archive, name: 'New', subdomain: 'new', admin_email: 'x@example.com' },
          })
        ).status,
      ).toBe(404)
    }
    expect((await onConsole(`tenants/${world.acme.id}/restorations/`, { body: {} })).json).toEqual({
      archive: ['This field is required.'],
    })
    expect(
      (
        await onConsole(`tenants/${world.acme.id}/restorations/`, {
          body: { archive: 'no-such-20260101T000000Z-00000000.tar' },
        })
      ).status,
    ).toBe(404)
    for (const path of [`archives/${archive}/restorations/`, `tenants/${world.acme.id}/clones/`]) {
      expect(
        (await onConsole(path, { body: { name: 'New', subdomain: 'globex', admin_email: 'x@example.com' } })).json,
      ).toEqual({ subdomain: ['This subdomain is taken.'] })
      expect(
        (
          await onConsole(path, {
            body: { name: 'globex corporation', subdomain: 'new', admin_email: 'x@example.com' },
          })
        ).json,
      ).toEqual({ name: ['An organisation with this name already exists.'] })
      expect(
        (await onConsole(path, { body: { name: 'New', subdomain: 'www', admin_email: 'x@example.com' } })).status,
      ).toBe(400)
    }
  })

  test('is recorded, with the operator', async () => {
    const rows =
      await sql`select action, actor, ip, details->>'operation' is not null as operation from platform.audit_events where action in ('tenant.exported', 'tenant.restored_from_archive', 'tenant.created_from_archive', 'tenant.cloned')`
    expect(new Set(rows.map(({ action }) => action))).toEqual(
      new Set(['tenant.exported', 'tenant.restored_from_archive', 'tenant.created_from_archive', 'tenant.cloned']),
    )
    for (const row of rows)
      expect(row).toMatchObject({ actor: world.console.admin.id, ip: '127.0.0.1', operation: true })
  })
})

/** Gives Acme a department, a photo, a logo, an invitation, and other data that could be lost or leaked. */
async function furnish(): Promise<void> {
  const department = (await world.acme.call(`${api}/departments/`, { token: admin, body: { name: 'Research' } })).json
    .id
  const png = { 'content-type': 'image/png' }
  const { id } = world.acme.staff
  const staff = (await signInAs(world.acme, world.acme.staff)).access
  expect(
    (
      await world.acme.call(`${auth}/users/${id}/`, {
        method: 'PATCH',
        token: admin,
        body: { first_name: 'Zebedee', last_name: 'Quixotic \\N \\t "', department, employee_id: 'EMP-CANARY' },
      })
    ).status,
  ).toBe(200)
  expect(
    (await world.acme.call(`${api}/users/${id}/photo/`, { method: 'PUT', token: staff, body: red, headers: png }))
      .status,
  ).toBe(200)
  expect(
    (await world.acme.call(`${api}/organization/logo/`, { method: 'PUT', token: admin, body: blue, headers: png }))
      .status,
  ).toBe(200)
  expect(
    (
      await world.acme.call(`${api}/organization/`, {
        method: 'PATCH',
        token: admin,
        body: { registration: 'open', registration_domains: ['canary.example'] },
      })
    ).status,
  ).toBe(200)
  expect(
    (await world.acme.call(`${api}/invitations/`, { token: admin, body: { email: 'invited@example.com' } })).status,
  ).toBe(201)
  await addPerson(world, world.acme, 'gone@example.com', { is_active: false })
}

function onConsole(path: string, options: Parameters<Place['call']>[1] = {}): Promise<Answer> {
  return world.console.call(`${api}/${path}`, { token: owner, ...options })
}

function archiveAcme(): Promise<string> {
  return exported(world.acme)
}

async function exported({ id }: Place): Promise<string> {
  const answer = await onConsole(`tenants/${id}/exports/`, { body: {} })
  expect(answer).toMatchObject({ status: 202, json: { kind: 'export', tenant: id } })
  const { state, error, result } = await finished(world.app, answer.json.id)
  expect([state, error]).toEqual(['done', null])
  return result!.archive as string
}

async function restoredAs(archive: string, name: string, subdomain: string): Promise<{ id: string; schema: string }> {
  const answer = await onConsole(`archives/${archive}/restorations/`, { body: { name, subdomain } })
  expect(answer).toMatchObject({ status: 202, json: { kind: 'restore', tenant: null } })
  const { state, error, result } = await finished(world.app, answer.json.id)
  expect([state, error]).toEqual(['done', null])
  return tenantOf(result!.tenant as string)
}

async function retried(work: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await work()
    if (answer.status !== 409) return answer
    await sleep(100)
  }
}

async function tenantOf(id: string): Promise<{ id: string; schema: string }> {
  const [row] = await sql<{ id: string; schema: string }[]>`select id, schema from platform.tenants where id = ${id}`
  return row!
}

async function filesOf(schema: string): Promise<Record<string, string>> {
  const root = join(folder, 'uploads', schema)
  const files = (await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter(file => file.isFile())
    .map(file => join(file.parentPath, file.name))
    .sort()
  return Object.fromEntries(
    await Promise.all(files.map(async file => [file.slice(root.length), (await readFile(file)).toString('base64')])),
  )
}

async function everyText(schema: string): Promise<string> {
  const tables = await sql`select tablename as name from pg_tables where schemaname = ${schema}`
  const texts = await Promise.all(
    tables.map(
      async ({ name }) =>
        (
          await sql`select coalesce(string_agg(t::text, ' '), '') as text from ${sql(schema)}.${sql(name as string)} t`
        )[0]!.text as string,
    ),
  )
  return texts.join('\n')
}

async function audited(action: string): Promise<unknown[]> {
  return (await sql`select details from platform.audit_events where action = ${action}`).map(({ details }) => details)
}
