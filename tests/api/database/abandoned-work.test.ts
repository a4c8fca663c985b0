import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { volume } from '../../support/volume.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

let world: World
let sql: postgres.Sql
let admin: string
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-archives-'))
  world = await createWorld({ ACCESS_TTL: '3600', ARCHIVE_DIR: join(folder, 'archives') })
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
  admin = (await signInAs(world.acme, world.acme.admin)).access
})

afterAll(async () => {
  await sql.end()
  await world.stop()
  await rm(folder, { recursive: true })
})

/** Sends a request over a connection of its own, which the caller reads or cuts. */
function open(method: string, path: string, body = '') {
  const socket = connect(world.port, '127.0.0.1')
  const headers = [`Host: ${world.acme.host}`, `Authorization: Bearer ${admin}`, 'Content-Type: text/csv']
  socket.write([`${method} ${path} HTTP/1.1`, ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n'))
  // It is cut on purpose.
  socket.on('error', () => {})
  return socket
}

describe('heavy work whose client disconnects', () => {
  const rows = Array.from({ length: 20 }, (_, i) => `left${i}@example.com`)
  test.each([
    ['an export', 'GET', `${api}/users/export.csv`, ''],
    ['an import', 'POST', `${api}/users/import/?dry_run=true`, ['email', ...rows].join('\n')],
  ])('does not keep the turn of its tenant: %s', async (_, method, path, body) => {
    for (const milliseconds of [0, 1, 2, 4, 6, 8, 12, 16, 24, 32]) {
      const socket = open(method, path, body)
      await sleep(milliseconds)
      socket.resetAndDestroy()
    }
    const call = { method, token: admin, headers: { 'content-type': 'text/csv' }, ...(body ? { body } : {}) }
    expect((await world.acme.call(path, call)).status).toBe(200)
  })
})

describe('an archive', () => {
  test('is cut off when its operator loses the right to it', async () => {
    const { id } = world.console.admin
    const token = (await signInAs(world.console, world.console.admin)).access
    const name = 'acme-20260101T000000Z-00000000.tar'
    const size = 64 * 1024 * 1024
    await mkdir(join(folder, 'archives'), { recursive: true })
    await writeFile(join(folder, 'archives', name), Buffer.alloc(size))
    const socket = connect(world.port, '127.0.0.1').on('error', () => {})
    const head = [`Host: ${world.console.host}`, `Authorization: Bearer ${token}`]
    socket.write([`GET ${api}/archives/${name}/ HTTP/1.1`, ...head, '', ''].join('\r\n'))
    let received = 0
    let start = ''
    await new Promise(resolve => socket.once('readable', resolve))
    await sql`update platform.users set role = 'Staff' where id = ${id}`
    socket.on('data', (chunk: Buffer) => {
      start ||= chunk.toString('latin1', 0, 100)
      received += chunk.length
    })
    await new Promise(resolve => socket.once('close', resolve))
    expect(start).toContain('200 OK')
    expect(received).toBeLessThan(size)
    await sql`update platform.users set role = 'Admin' where id = ${id}`
  })
})

describe('an export', () => {
  test('is cut off when its user loses the right to it', async () => {
    const { schema, admin: user } = world.acme
    const count = volume(5_000, 20_000)
    await sql`insert into ${sql(schema)}.users (id, email, first_name, last_name, activated_at, date_joined)
      select gen_random_uuid(), 'p' || n || '@example.com', repeat('A', 140), repeat('B', 140), now(), now()
      from generate_series(1, ${count}) n`
    const socket = open('GET', `${api}/users/export.csv`)
    const chunks: Buffer[] = []
    await new Promise(resolve => socket.once('readable', resolve))
    await sql`update ${sql(schema)}.users set role = 'Staff' where id = ${user.id}`
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await new Promise(resolve => socket.once('close', resolve))
    const text = Buffer.concat(chunks).toString()
    expect(text).toContain('200 OK')
    expect(text.split('@example.com').length - 1).toBeLessThan(count)
    expect(text.endsWith('0\r\n\r\n')).toBe(false)
    await sql`update ${sql(schema)}.users set role = 'Admin' where id = ${user.id}`
  })
})
