import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TransactionSql } from 'postgres'
import postgres from 'postgres'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { issuePasswordLink } from '#server/domain/sessions/one-time-links.ts'
import { lastMailTo, linkParts } from '../../support/data/mails.ts'
import { addOperator } from '../../support/data/operators.ts'
import { setStanding } from '../../support/data/standing.ts'
import { closeTable, hold } from '../../support/database/hold.ts'
import { countWaiting } from '../../support/database/waiting.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

let world: World
let sql: postgres.Sql
let uploadDir: string
let count = 0
beforeAll(async () => {
  uploadDir = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  world = await createWorld({ ACCESS_TTL: '3600', UPLOAD_DIR: uploadDir })
  sql = postgres(world.env.DATABASE_URL!, { max: 3, onnotice: () => {}, connection: { application_name: 'tests' } })
})
afterEach(async () => {
  await setStanding(sql, world.acme, 'active')
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  await rm(uploadDir, { recursive: true })
})

describe('a request that has been authorised and waits, while its caller', () => {
  test('is demoted: they do not make themselves an Admin again', async () => {
    const caller = await addAdmin()
    const change = { role: 'Admin', first_name: 'Still here' }
    const answer = await meanwhile(
      tx => demote(tx, caller),
      () => changeSelf(caller, change),
    )
    expect(answer.status).toBe(403)
    expect(await recordOf(caller)).toEqual({ role: 'Staff', first_name: '', is_active: true })
  })

  test('is demoted: an import does not make them an Admin either', async () => {
    const caller = await addAdmin()
    const csv = `email,role,first_name\n${caller.email},Admin,Still here\n`
    const answer = await meanwhile(
      tx => demote(tx, caller),
      () => upload(caller.token, csv),
    )
    expect(answer.status).toBe(403)
    expect(await recordOf(caller)).toEqual({ role: 'Staff', first_name: '', is_active: true })
  })

  test('is deactivated: they do not let themselves in again', async () => {
    const caller = await addAdmin()
    const deactivate = (tx: TransactionSql) =>
      tx`update ${tx(world.acme.schema)}.users set deactivated_at = now() where id = ${caller.id}`
    const answer = await meanwhile(deactivate, () => changeSelf(caller, { is_active: true }))
    expect(answer).toMatchObject({ status: 401, json: { code: 'user_inactive' } })
    expect(await recordOf(caller)).toMatchObject({ is_active: false })
  })

  test('is demoted in the midst of many people: the one it waits for and the rest stay as they are', async () => {
    const caller = await addAdmin()
    const people = [await addStaff(), await addStaff(), await addStaff()] as const
    const body = { ids: people.map(({ id }) => id), action: 'set_role', role: 'Admin' }
    const answer = await meanwhile(
      async tx => {
        await demote(tx, caller)
        await tx`select from ${tx(world.acme.schema)}.users where id = ${people[1].id} for update`
      },
      () => world.acme.call(`${api}/users/bulk/`, { token: caller.token, body }),
    )
    expect(answer.status).toBe(403)
    const records = await Promise.all(people.map(recordOf))
    expect(records.map(record => record?.role)).toEqual(['Admin', 'Staff', 'Staff'])
  })

  test('is signed out everywhere: the password is not changed, nobody is deleted, no photo is stored', async () => {
    const caller = await addAdmin()
    const other = await addStaff()
    const png = await sharp({ create: { width: 30, height: 20, channels: 3, background: 'teal' } })
      .png()
      .toBuffer()
    const sessions = sql`${sql(world.acme.schema)}.sessions`
    const proven = { current_password: caller.password }
    const picture = { method: 'PUT', body: png, headers: { 'content-type': 'image/png' } }
    const calls: [path: string, call: Call][] = [
      [`${auth}/users/set_password/`, { body: { ...proven, new_password: 'nine velvet trombones' } }],
      [`${auth}/users/set_email/`, { body: { ...proven, new_email: 'elsewhere@example.com' } }],
      [`${auth}/users/${other.id}/`, { method: 'DELETE', body: proven }],
      [`${api}/users/${other.id}/photo/`, picture],
      [`${api}/organization/logo/`, picture],
      [`${api}/invitations/`, { body: { email: 'guest@example.com', role: 'Admin' } }],
    ]
    for (const [path, call] of calls) {
      await sql`update ${sessions} set revoked_at = null, revoked_reason = null where user_id = ${caller.id}`
      const answer = await meanwhile(
        async tx => {
          await tx`update ${sessions} set revoked_at = now(), revoked_reason = 'revoked' where user_id = ${caller.id}`
          await lockLimits(tx)
        },
        () => world.acme.call(path, { token: caller.token, ...call }),
      )
      expect([path, answer.status, answer.json.code]).toEqual([path, 401, 'session_revoked'])
    }
    await signInAs(world.acme, caller)
    expect(await recordOf(other)).toMatchObject({ is_active: true })
    const deeds = await sql`
      select action from ${sql(world.acme.schema)}.audit_events
      where actor = ${caller.id} and action not in ('session.opened', 'session.ended')`
    expect([...deeds]).toEqual([])
  })

  test('is demoted while it waits in its transaction for any lock: it changes nothing', async () => {
    const caller = await addAdmin()
    const target = await addStaff()
    await signInAs(world.acme, target)
    const [department, other] = await addDepartments(caller.token)
    const guest = { email: `guest${++count}@example.com`, role: 'Staff' }
    const mailed = await world.acme.call(`${api}/invitations/`, { token: caller.token, body: guest })
    // Its token is made when the mail is sent.
    await lastMailTo(world, world.acme, guest.email, /^Join /)
    const invitation = `${api}/invitations/${mailed.json.id}/`
    const proven = { current_password: caller.password }
    const calls: [method: string, path: string, body?: object][] = [
      ['PATCH', `${auth}/users/${target.id}/`, { role: 'Admin' }],
      ['DELETE', `${auth}/users/${target.id}/`, proven],
      ['POST', `${auth}/users/`, { email: 'accomplice@example.com', password: null, role: 'Admin' }],
      ['POST', `${api}/users/bulk/`, { ids: [target.id], action: 'set_role', role: 'Admin' }],
      ['POST', `${api}/departments/`, { name: 'Accomplices' }],
      ['PATCH', `${api}/departments/${department}/`, { name: 'Accomplices' }],
      ['DELETE', `${api}/departments/${other}/`],
      ['POST', `${api}/departments/${department}/transfers/`, { department: other }],
      ['POST', `${api}/invitations/`, { email: 'accomplice@example.com', role: 'Admin' }],
      ['POST', `${invitation}resend/`],
      ['DELETE', invitation],
      ['PATCH', `${api}/organization/`, { registration: 'open' }],
      ['DELETE', `${api}/sessions/?user=${target.id}`],
    ]
    await sql`update ${sql(world.acme.schema)}.users set department = ${department!} where id = ${target.id}`
    const before = await snapshot()
    for (const [method, path, body] of calls) {
      await sql`update ${sql(world.acme.schema)}.users set role = 'Admin' where id = ${caller.id}`
      const answer = await meanwhile(
        async tx => {
          await demote(tx, caller)
          await closeTable(tx, world.acme.schema, 'audit_events')
          await tx`select from ${tx(world.acme.schema)}.users where id = ${target.id} for update`
        },
        () => world.acme.call(path, { method, token: caller.token, body }),
      )
      expect([method, path, answer.status]).toEqual([method, path, 403])
    }
    expect(await snapshot()).toEqual(before)
    await expect(recordOf(target)).resolves.toMatchObject({ role: 'Staff' })
  })

  test('is demoted while it waits for the row of a photo: neither the row nor a file changes', async () => {
    const caller = await addAdmin()
    const target = await addStaff()
    const body = await sharp({ create: { width: 30, height: 20, channels: 3, background: 'teal' } })
      .png()
      .toBuffer()
    const answer = await meanwhile(
      async tx => {
        await demote(tx, caller)
        await tx`select from ${tx(world.acme.schema)}.users where id = ${target.id} for update`
      },
      () =>
        world.acme.call(`${api}/users/${target.id}/photo/`, {
          method: 'PUT',
          token: caller.token,
          body,
          headers: { 'content-type': 'image/png' },
        }),
    )
    expect(answer.status).toBe(403)
    const [row] = await sql`select photo from ${sql(world.acme.schema)}.users where id = ${target.id}`
    expect(row).toEqual({ photo: null })
    const files = await readdir(uploadDir, { recursive: true })
    expect(files.filter(file => file.includes(target.id) && /\.\w+$/.test(file))).toEqual([])
  })

  test('is signed out while it waits for its own row: the password stays', async () => {
    const caller = await addAdmin()
    const body = { current_password: caller.password, new_password: 'nine velvet trombones' }
    const answer = await meanwhile(
      async tx => {
        await tx`update ${tx(world.acme.schema)}.sessions set revoked_at = now(), revoked_reason = 'revoked'
          where user_id = ${caller.id}`
        await tx`select from ${tx(world.acme.schema)}.users where id = ${caller.id} for update`
      },
      () => world.acme.call(`${auth}/users/set_password/`, { token: caller.token, body }),
    )
    expect(answer).toMatchObject({ status: 401, json: { code: 'session_revoked' } })
    await signInAs(world.acme, caller)
  })

  test('on the console is demoted: the tenant gets no key, is not archived and not removed', async () => {
    const { token, id } = await addOperator(world, `operator${++count}@example.com`, 'Admin')
    const tenant = `${api}/tenants/${world.globex.id}`
    const calls: [path: string, call: Call][] = [
      [`${tenant}/keys/`, { method: 'POST' }],
      [`${tenant}/exports/`, { method: 'POST' }],
      [`${tenant}/deletion/`, { method: 'PUT', body: { now: true, subdomain: 'globex' } }],
    ]
    for (const [path, call] of calls) {
      await sql`update platform.users set role = 'Admin' where id = ${id}`
      const answer = await meanwhile(
        async tx => {
          await tx`update platform.users set role = 'Staff' where id = ${id}`
          await tx`lock table platform.schema_versions in access exclusive mode`
        },
        () => world.console.call(path, { token, ...call }),
      )
      expect([path, answer.status]).toEqual([path, 403])
    }
    expect(await sql`select 1 from ${sql(world.globex.schema)}.signing_keys`).toHaveLength(1)
    expect(await sql`select 1 from platform.operations`).toHaveLength(0)
    const [row] = await sql`select status from platform.tenants where id = ${world.globex.id}`
    expect(row).toEqual({ status: 'active' })
  })
})

describe('a public request that has been accepted and waits, while its tenant is suspended,', () => {
  test('signs nobody in, makes no account and changes none; its neighbour does', async () => {
    const { acme, globex } = world
    const admin = (await signInAs(acme, acme.admin)).access
    await acme.call(`${api}/organization/`, { method: 'PATCH', token: admin, body: { registration: 'open' } })
    await acme.call(`${api}/invitations/`, { token: admin, body: { email: 'invited@example.com', role: 'Staff' } })
    const invitation = await lastMailTo(world, acme, 'invited@example.com', /^Join /)
    const authRealm = realmOf(world.app, acme)
    const reset = linkParts(await issuePasswordLink(authRealm.realm.db, authRealm, acme.staff.id, 3600))
    const password = 'nine velvet trombones'
    const { email } = acme.staff
    const guest = { token: invitation.links[0]!.split('/').at(-1), first_name: 'Guest', last_name: 'Late', password }
    const calls: [path: string, body: object][] = [
      [`${auth}/jwt/create/`, { email, password: acme.staff.password }],
      [`${auth}/users/`, { email: 'registered@example.com', password }],
      [`${api}/invitations/accept/`, guest],
      [`${auth}/users/reset_password_confirm/`, { ...reset, new_password: password }],
      [`${auth}/users/reset_password/`, { email }],
    ]
    const suspend = async (tx: TransactionSql) => {
      await setStanding(tx, acme, 'suspended')
      await lockLimits(tx)
    }
    const readUsers = () => sql`select id, password, last_login from ${sql(acme.schema)}.users order by id`
    const before = await readUsers()
    for (const [path, body] of calls) {
      const answer = await meanwhile(suspend, () => acme.call(path, { body }))
      expect([path, answer.status, answer.json?.code]).toEqual([path, 403, 'tenant_inactive'])
      await setStanding(sql, acme, 'active')
    }
    expect(await readUsers()).toEqual(before)
    const neighbour = { email: globex.staff.email, password: globex.staff.password }
    expect((await meanwhile(suspend, () => globex.call(`${auth}/jwt/create/`, { body: neighbour }))).status).toBe(200)
  })

  test('registers nobody either when registration was closed meanwhile', async () => {
    const { acme } = world
    await sql`update ${sql(acme.schema)}.settings set registration = 'open'`
    const answer = await meanwhile(
      async tx => {
        await tx`update ${tx(acme.schema)}.settings set registration = 'invite_only'`
        await lockLimits(tx)
      },
      () => acme.call(`${auth}/users/`, { body: { email: 'late@example.com', password: 'nine velvet trombones' } }),
    )
    expect(answer).toMatchObject({ status: 403, json: { code: 'registration_closed' } })
    expect(await sql`select 1 from ${sql(acme.schema)}.users where email = 'late@example.com'`).toHaveLength(0)
  })
})

/**
 * Blocks a request in a transaction that also changes its caller's authority, so that both changes are visible when
 * the request goes on.
 */
async function meanwhile(
  happens: (tx: TransactionSql) => Promise<unknown>,
  run: () => Promise<Answer>,
): Promise<Answer> {
  const held = await hold(sql, happens)
  const answer = run()
  try {
    await expect.poll(() => countWaiting(sql), { interval: 10 }).toBeGreaterThan(0)
  } finally {
    await held.release()
  }
  return answer
}

const demote = (tx: TransactionSql, { id }: Person) =>
  tx`update ${tx(world.acme.schema)}.users set role = 'Staff' where id = ${id}`
const lockLimits = (tx: TransactionSql) => tx`lock table platform.rate_limits in access exclusive mode`

async function recordOf({ id }: Person) {
  return (await sql`select role, first_name, is_active from ${sql(world.acme.schema)}.users where id = ${id}`)[0]
}

/** What an Admin may change, without the callers of the tests. */
async function snapshot() {
  const { schema } = world.acme
  return {
    users: await sql`select id, department from ${sql(schema)}.users order by id`,
    departments: await sql`select * from ${sql(schema)}.departments order by id`,
    invitations: await sql`select * from ${sql(schema)}.invitations order by id`,
    settings: await sql`select * from ${sql(schema)}.settings`,
    sessions: await sql`select * from ${sql(schema)}.sessions order by id`,
    deeds: await sql`select * from ${sql(schema)}.audit_events order by id`,
    mails: await sql`select id from platform.outbox order by id`.catch(() => []),
  }
}

async function addDepartments(token: string): Promise<string[]> {
  const names = [`Department ${++count}`, `Department ${++count}`]
  const answers = await Promise.all(
    names.map(name => world.acme.call(`${api}/departments/`, { token, body: { name } })),
  )
  return answers.map(({ json }) => json.id)
}

function changeSelf({ id, token }: Person & { token: string }, body: object): Promise<Answer> {
  return world.acme.call(`${auth}/users/${id}/`, { method: 'PATCH', token, body })
}

function upload(token: string, csv: string): Promise<Answer> {
  return world.acme.call(`${api}/users/import/`, { token, body: csv, headers: { 'content-type': 'text/csv' } })
}

async function addAdmin(): Promise<Person & { token: string }> {
  const person = await addPerson(world, world.acme, `admin${++count}@example.com`, { role: 'Admin' })
  return { ...person, token: (await signInAs(world.acme, person)).access }
}

function addStaff(): Promise<Person> {
  return addPerson(world, world.acme, `person${++count}@example.com`)
}
