import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fromSystem } from '#server/domain/context.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import type { LogLine } from '../../support/process/server.ts'
import { freePort } from '../../support/process/server.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { unlessBusy } from '../../support/unless-busy.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { Answer } from '../../support/http.ts'
import { call } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let server: SecondServer

beforeAll(async () => {
  world = await createWorld()
  server = await startBeside(world, { WORKERS: '2' })
  await vi.waitUntil(() => events('server_port_opened').length === 2, waitLimit)
})
afterAll(async () => {
  await server.stop()
  await world.stop()
})

test('a worker that dies is replaced, and the other one serves meanwhile', async () => {
  const [victim] = workersOf(server.pid)
  process.kill(victim!, 'SIGKILL')
  await expect.poll(() => events('worker_exited').length, waitLimit).toBe(1)
  expect(events('worker_exited')).toMatchObject([{ level: 'error', pid: victim, signal: 'SIGKILL' }])
  expect(workersOf(server.pid)).toHaveLength(1)
  for (const place of [world.acme, world.globex]) expect((await request(place)).status).toBe(200)
  await expect.poll(() => events('server_port_opened').length, waitLimit).toBe(3)
  expect(workersOf(server.pid)).toHaveLength(2)
})

test('a worker that dies before it takes a connection leaves no client waiting', async () => {
  const [victim] = workersOf(server.pid)
  const opened = events('server_port_opened').length
  process.kill(victim!, 'SIGSTOP')
  const ends: string[] = []
  for (let i = 0; i < 4; i++) void connectionTo(server.port).then(text => ends.push(text))
  await expect.poll(() => ends.length, waitLimit).toBe(3)
  process.kill(victim!, 'SIGKILL')
  await expect.poll(() => ends.length, waitLimit).toBe(4)
  expect(ends.map(text => text.split('\r\n')[0])).toEqual([...Array<string>(3).fill('HTTP/1.1 200 OK'), ''])
  await expect.poll(() => events('server_port_opened').length, waitLimit).toBe(opened + 1)
})

test('SIGHUP replaces all workers without a lost request', async () => {
  const before = workersOf(server.pid)
  process.kill(server.pid, 'SIGHUP')
  const statuses = new Set<number>()
  const isRenewed = () => events('workers_renewed').length > 0
  while (!isRenewed()) for (const place of [world.acme, world.globex]) statuses.add((await request(place)).status)
  expect([...statuses]).toEqual([200])
  const after = workersOf(server.pid)
  expect(after).toHaveLength(2)
  expect(after.filter(pid => before.includes(pid))).toEqual([])
})

test('a worker that is ready before a slow supervisor has opened the port waits for it', async () => {
  const port = await freePort()
  const log: LogLine[] = []
  const logged = (name: string) => log.filter(({ event }) => event === name)
  const starting = startBeside(world, { WORKERS: '2', PORT: String(port) }, log)
  await vi.waitUntil(() => processesWith(port).length === 2, { ...waitLimit, interval: 1 })
  const [supervisor] = processesWith(port)
  process.kill(supervisor!, 'SIGSTOP')
  await vi.waitUntil(() => logged('server_started').length === 1, waitLimit)
  expect(logged('server_port_opened')).toEqual([])
  process.kill(supervisor!, 'SIGCONT')
  const slow = await starting
  for (const { host } of [world.acme, world.globex]) expect((await call(port, host, '/login')).status).toBe(200)
  await vi.waitUntil(() => logged('server_port_opened').length === 2, waitLimit)
  expect(await slow.stop()).toBe(0)
  expect([...logged('start_failed'), ...logged('worker_exited')]).toEqual([])
})

test('a suspension and a sign-out count at every worker', async () => {
  const { acme, globex, app } = world
  const { access } = await signInAs(acme, acme.staff)
  const other = await signInAs(globex, globex.staff)
  await expectEverywhere(acme, access, 200)
  await suspendTenant(app, acme.id, 'a test', fromSystem)
  await expectEverywhere(acme, access, 403)
  await expectEverywhere(globex, other.access, 200)
  await resumeTenant(app, acme.id, fromSystem)
  // A worker that has not heard of it yet still refuses.
  await expect.poll(async () => (await statusesOf(acme, access)).join(), waitLimit).toBe(Array(8).fill(200).join())
  await globex.call(`${auth}/jwt/blacklist/`, { body: { refresh: other.refresh } })
  await expectEverywhere(globex, other.access, 401)
})

test('a wrong setting is reported once, and ends all', async () => {
  const log: LogLine[] = []
  await expect(startBeside(world, { WORKERS: '2', BCRYPT_COST: 'much' }, log)).rejects.toThrow('ended with 1')
  expect(log).toMatchObject([
    { level: 'fatal', event: 'config_rejected', reason: expect.stringMatching(/^BCRYPT_COST/) },
  ])
  const other: LogLine[] = []
  await expect(startBeside(world, { WORKERS: 'many' }, other)).rejects.toThrow('ended with 1')
  expect(other).toMatchObject([{ event: 'config_rejected', reason: expect.stringMatching(/^WORKERS/) }])
})

/** What each of two workers answers. */
async function expectEverywhere(place: Place, token: string, status: number): Promise<void> {
  expect(await statusesOf(place, token)).toEqual(Array(8).fill(status))
}

// Over connections of their own, which the primary process deals out in turns.
async function statusesOf(place: Place, token: string): Promise<number[]> {
  const ask = () => unlessBusy(() => request(place, `${auth}/users/me/`, token))
  const answers = await Promise.all(Array.from({ length: 8 }, ask))
  return answers.map(answer => answer.status)
}

/** Sends a request of its own connection. @returns what it is answered until the end: nothing if it is only closed */
async function connectionTo(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  let text = ''
  socket.on('data', (part: Buffer) => (text += part.toString('utf8')))
  await new Promise(resolve => socket.on('close', resolve))
  return text
}

function request(place: Place, path = '/login', token?: string): Promise<Answer> {
  return server.at(place, path, { token, headers: { connection: 'close' } })
}

function events(name: string): LogLine[] {
  return server.log.filter(({ event }) => event === name)
}

function workersOf(pid: number): number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .filter(child =>
      execFileSync('ps', ['-o', 'args=', '-p', String(child)], { encoding: 'utf8' }).includes('index.mjs'),
    )
}

/** The processes of a server, the oldest first. */
function processesWith(port: number): number[] {
  const isOf = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`\0PORT=${port}\0`)
    } catch {
      return false
    }
  }
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && isOf(name))
    .map(Number)
    .sort((a, b) => a - b)
}
