import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../../support/process/server.ts'
import type { World } from '../../support/world.ts'
import { auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

describe('two organisations with the same e-mail address', () => {
  test('one address belongs to two users, each with their own password', async () => {
    const atAcme = await signInAs(world.acme, world.acme.admin)
    const atGlobex = await signInAs(world.globex, world.globex.admin)
    const acme = await world.acme.call(`${auth}/users/me/`, { token: atAcme.access })
    const globex = await world.globex.call(`${auth}/users/me/`, { token: atGlobex.access })
    expect(acme.json).toMatchObject({ email: 'ann@example.com', organization: world.acme.id, id: world.acme.admin.id })
    expect(globex.json).toMatchObject({
      email: 'ann@example.com',
      organization: world.globex.id,
      id: world.globex.admin.id,
    })
  })

  test('the password of one is wrong at the other', async () => {
    const answer = await world.globex.call(`${auth}/jwt/create/`, {
      body: { email: 'ann@example.com', password: world.acme.admin.password },
    })
    expect(answer.status).toBe(401)
    expect(answer.json).toEqual({ detail: 'No active account found with the given credentials' })
  })
})

describe('a server', () => {
  test('exits when its port is in use', async () => {
    await expect(startServer(world.env)).rejects.toThrow('The server ended with 1')
  })

  test('refuses to start under a Node.js version that is too old', async () => {
    const pretend = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
    const { PORT: _, ...env } = world.env
    const started = startServer({
      ...env,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(pretend)}`,
    })
    await expect(started).rejects.toThrow(/ended with 1: .*This is Node\.js 20\.20\.2, and 24 is needed/)
  })
})
