import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesSince } from '../../support/process/log-lines.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { LogLine } from '../../support/process/server.ts'
import { freePort, startServer } from '../../support/process/server.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createSettings, createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

test('every line from first to last is an event, and one says where the server listens', async () => {
  const port = await freePort()
  const server = await startServer({ ...world.env, HOST: '127.0.0.1', PORT: String(port) })
  for (const place of [world.acme, world.globex]) expect((await place.call('/login')).status).toBe(200)
  await server.stop()
  expectEvents(server.log)
  const listening = server.log.filter(({ event }) => event === 'server_port_opened')
  expect(listening).toMatchObject([{ level: 'info', url: `http://127.0.0.1:${port}` }])
})

test('a server that anyone can reach by plain HTTP warns of it', async () => {
  const plain = async (settings: Record<string, string>) => {
    const server = await startBeside(world, settings)
    for (const place of [world.acme, world.globex]) await server.at(place, '/login')
    await server.stop()
    return server.log.filter(({ event }) => event === 'plain_http_served')
  }
  expect(await plain({ HOST: '0.0.0.0' })).toMatchObject([{ level: 'warn' }])
  expect(await plain({ HOST: '0.0.0.0', SITE_PROTOCOL: 'https' })).toEqual([])
  expect(await plain({ HOST: '127.0.0.1' })).toEqual([])
})

test.each([
  ['a setting that is not understood', { BCRYPT_COST: 'much' }, 'config_rejected'],
  ["a port that is somebody else's", {}, 'start_failed'],
])('and so is every line when the start fails: %s', async (_, settings, event) => {
  const occupant = createServer()
  await new Promise<void>(resolve => occupant.listen(0, '127.0.0.1', resolve))
  const { port } = occupant.address() as { port: number }
  const log: LogLine[] = []
  const env = { ...(await createSettings()), HOST: '127.0.0.1', PORT: String(port), ...settings }
  await expect(startServer(env, log)).rejects.toThrow('The server ended with 1')
  occupant.close()
  expectEvents(log)
  expect(log.at(-1)).toMatchObject({ level: 'fatal', event })
})

test('what is refused is logged, once each: a permission, and a request from the page of another host', async () => {
  const { acme, globex, server } = world
  const { access: token } = await signInAs(acme, acme.staff)
  const cookies = await signInWithCookies(globex, globex.admin)
  const before = server.log.length
  expect((await acme.call(`${api}/audit/`, { token })).status).toBe(403)
  const path = `${auth}/users/me/`
  const crossing = { method: 'PATCH', body: {}, cookies, headers: { origin: acme.origin } }
  expect((await globex.call(path, crossing)).json.code).toBe('cross_site')
  const lines = await linesSince(world, before)
  expect(lines.filter(({ event }) => event === 'permission_refused')).toMatchObject([
    { level: 'info', tenant: acme.id, user: acme.staff.id, method: 'GET', path: `${api}/audit/` },
  ])
  expect(lines.filter(({ event }) => event === 'cross_site_refused')).toMatchObject([
    { level: 'info', method: 'PATCH', path },
  ])
})

function expectEvents(log: LogLine[]): void {
  expect(log.length).toBeGreaterThan(0)
  expect(log.filter(({ level, event, time }) => level === 'text' || !event || !time)).toEqual([])
}
