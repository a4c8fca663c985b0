import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromSystem } from '#server/domain/context.ts'
import { endSupportAccess } from '#server/domain/support/end.ts'
import { runCli, runInstalledCli } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let owner: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(() => world.stop())

// Each command is a process, whose start takes time.
describe('the command line can do what the console can:', () => {
  test('it creates operators, changes their roles, and deactivates them, except the last Owner', async () => {
    const made = await runInstalled('operator', 'create', '--email', 'Sue@tenantry.test', '--role', 'Support')
    expect(made.json).toMatchObject({
      email: 'sue@tenantry.test',
      role: 'Support',
      password_link: expect.stringContaining('/auth/password/reset/'),
    })
    expect((await run('operator', 'role', 'sue@tenantry.test', '--role', 'Staff')).json).toMatchObject({
      role: 'Staff',
      is_active: true,
    })
    expect((await run('operator', 'deactivate', 'sue@tenantry.test')).json).toMatchObject({ is_active: false })
    expect(
      (await run('operator', 'list')).json.map((row: { email: string; role: string; is_active: boolean }) => [
        row.email,
        row.role,
        row.is_active,
      ]),
    ).toEqual([
      [world.console.admin.email, 'Admin', true],
      ['sue@tenantry.test', 'Staff', false],
    ])
    for (const command of [
      ['role', world.console.admin.email, '--role', 'Staff'],
      ['deactivate', world.console.admin.email],
      ['deactivate', 'nobody@tenantry.test'],
    ]) {
      expect((await run('operator', ...command)).code).toBe(1)
    }
    expect((await world.console.call(`${auth}/users/me/`, { token: owner })).json).toMatchObject({
      role: 'Admin',
      is_active: true,
    })
  })

  test('it lists mails without their contents, and retries them', async () => {
    await world.acme.call(`${auth}/users/reset_password/`, { body: { email: 'ann@example.com' } })
    await expect.poll(async () => (await run('mail', 'list', '--state', 'sent')).json.length, waitLimit).toBe(1)
    const listed = await run('mail', 'list')
    expect(listed.json[0]).toMatchObject({ kind: 'password_reset', recipient: 'ann@example.com', state: 'sent' })
    expect(JSON.stringify(listed.json)).not.toMatch(/token|reset\/|data/)
    expect((await run('mail', 'retry')).json).toEqual({ retried: 0 })
    expect((await run('mail', 'retry', listed.json[0].id)).code).toBe(1)
    expect((await run('mail', 'list', '--state', 'lost')).code).toBe(2)
  })

  test('it signs an operator in for support, recorded under their name, and ends it', async () => {
    const asked = ['support', 'request', 'acme', '--user', 'ben@example.com', '--reason', 'Ticket 7', '--operator']
    expect((await run(...asked, 'sue@tenantry.test')).code).toBe(1)
    const { json: access } = await run(...asked, world.console.admin.email)
    const token = access.url.split('/').at(-1)
    expect(access.url).toBe(`${world.acme.origin}/support/${token}`)
    expect((await world.globex.call(`${auth}/session/support/`, { body: { token }, sameOrigin: true })).status).toBe(
      400,
    )
    const opened = await world.acme.call(`${auth}/session/support/`, { body: { token }, sameOrigin: true })
    expect(opened.status).toBe(200)
    expect((await run('support', 'list', '--open')).json).toMatchObject([
      {
        id: access.id,
        subdomain: 'acme',
        operator_email: world.console.admin.email,
        is_read_only: true,
        reason: 'Ticket 7',
      },
    ])
    expect((await run('support', 'end', access.id, '--operator', world.console.admin.email)).code).toBe(0)
    expect((await world.acme.call(`${auth}/users/me/`, { cookies: opened.cookies })).status).toBe(401)
    await expect(endSupportAccess(world.app, access.id, randomUUID(), fromSystem)).rejects.toMatchObject({
      status: 404,
    })
  })

  test("it prints the audit of the platform and of an organisation, and no other's", async () => {
    const platform = await run('audit', '--action', 'support.requested')
    expect(platform.json).toMatchObject([
      { action: 'support.requested', actor_email: world.console.admin.email, subject: world.acme.id },
    ])
    expect((await run('audit', 'acme', '--action', 'support.opened')).json).toHaveLength(1)
    expect((await run('audit', 'globex', '--action', 'support.opened')).json).toEqual([])
    expect((await runInstalled('audit', '--since', 'yesterday')).code).toBe(2)
  })

  test('it lists operations, and shows the progress of one', async () => {
    const begun = await world.console.call(`${api}/keys/rotations/`, { token: owner, body: {} })
    await expect.poll(async () => (await run('operation', 'show', begun.json.id)).json.state, waitLimit).toBe('done')
    expect((await run('operation', 'list', '--state', 'done')).json).toMatchObject([
      { id: begun.json.id, kind: 'rotation', result: { failed: [] } },
    ])
    for (const id of [randomUUID(), 'x']) expect((await runInstalled('operation', 'show', id)).code).toBe(1)
  })
})

function run(...args: string[]) {
  return runCli([...args, '--json'], world.env)
}

function runInstalled(...args: string[]) {
  return runInstalledCli([...args, '--json'], world.env)
}
