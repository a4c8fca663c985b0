import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import type { ExpectStatic } from 'vitest'
import { afterAll, beforeAll, test } from 'vitest'
import { socketsOf } from '../../support/process/sockets.ts'
import { volume } from '../../support/volume.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

/** A request that is sent at one byte per second, and its result. */
interface Slow {
  socket: Socket
  answer: string
  isOpen: boolean
  /** Number of bytes sent after the beginning. */
  later: number
}

let world: World
let home: string
let admin: string
let globexAdmin: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tenantry-slow-'))
  world = await createWorld({
    ACCESS_TTL: '3600',
    REQUEST_LIMIT: '12',
    UPLOAD_DIR: join(home, 'uploads'),
    TMPDIR: home,
  })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
})
afterAll(async () => {
  await world.stop()
  await rm(home, { recursive: true })
})

test.concurrent(
  'a picture that is sent a byte a second is given up, and nothing of it is kept, UPL-05',
  async ({ expect }) => {
    const png = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
      .png()
      .toBuffer()
    const path = `${api}/users/${world.acme.admin.id}/photo/`
    const slow = send([
      `PUT ${path} HTTP/1.1`,
      `Host: ${world.acme.host}`,
      `Authorization: Bearer ${admin}`,
      'Content-Type: image/png',
      `Content-Length: ${png.length}`,
      '',
      png.toString('latin1', 0, 100),
    ])
    await untilClosed([slow], expect)
    expect(slow.later).toBeGreaterThan(0)
    expect(slow.answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(slow.answer).toMatch(/\r\nconnection: close\r\n[\s\S]*\{"detail":"The request body took too long\."\}$/i)
    expect(await readdir(home, { recursive: true })).toEqual([])

    expect(
      (
        await world.acme.call(path, {
          method: 'PUT',
          token: admin,
          body: png,
          headers: { 'content-type': 'image/png' },
        })
      ).status,
    ).toBe(200)
    expect((await readdir(home, { recursive: true })).filter(name => name.endsWith('.webp'))).toHaveLength(2)
  },
)

test.concurrent(
  'hundreds of connections that are slow in every way trouble nobody, and are closed, PAR-12',
  async ({ expect }) => {
    const host = `Host: ${world.acme.host}`
    const body = ['Content-Type: application/json', 'Content-Length: 1000', '', '{"email": "']
    const requests = [
      [],
      ['GET /healt'],
      [`GET ${auth}/users/me/ HTTP/1.1`, host, `Authorization: Bearer ${admin}`, 'X-Slow: x'],
      [`POST ${auth}/jwt/create/ HTTP/1.1`, host, ...body],
      // Routes without a body have already answered, and wait for the rest of it.
      [`POST ${api}/nowhere/ HTTP/1.1`, host, ...body],
    ]
    const count = volume(200, 500)
    const slow = Array.from({ length: count }, (_, i) => send(requests[i % requests.length]!))
    await expect
      .poll(async () => {
        const peers = new Set((await socketsOf(world.server.port)).map(({ peer }) => peer))
        return slow.filter(({ socket }) => peers.has(socket.localPort!)).length
      })
      .toBe(count)

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? world.acme.call(`${auth}/users/me/`, { token: admin })
          : world.globex.call(`${auth}/users/me/`, { token: globexAdmin }),
      ),
    )
    expect(slow.filter(({ isOpen }) => isOpen)).toHaveLength(count)
    expect(answers.map(({ status, json }) => [status, json.id])).toEqual(
      Array.from({ length: 40 }, (_, i) => [200, (i % 2 === 0 ? world.acme : world.globex).admin.id]),
    )

    await untilClosed(slow, expect)
    const statuses = requests.map((_, kind) => [
      ...new Set(slow.filter((_, i) => i % requests.length === kind).map(({ answer }) => answer.slice(9, 12))),
    ])
    expect(statuses).toEqual([['408'], ['408'], ['408'], ['408'], ['404']])
    await expect.poll(() => socketsOf(world.server.port)).toEqual([])
    expect((await world.acme.call(`${auth}/users/me/`, { token: admin })).status).toBe(200)
  },
)

/** Sends the beginning of a request, then one byte per second until it is stopped. */
function send(lines: string[]): Slow {
  const socket = connect(world.server.port, '127.0.0.1')
  const slow: Slow = { socket, answer: '', isOpen: true, later: 0 }
  const more = setInterval(() => {
    if (lines.length === 0) return
    socket.write('x')
    slow.later++
  }, 1_000)
  socket.on('data', chunk => (slow.answer += chunk.toString('latin1')))
  // Writing goes on while the connection is being closed.
  socket.on('error', () => {})
  socket.on('close', () => {
    clearInterval(more)
    slow.isOpen = false
  })
  socket.write(lines.join('\r\n'), 'latin1')
  return slow
}

// At most three times the limit, plus the delays of a slow machine.
async function untilClosed(slow: Slow[], expect: ExpectStatic): Promise<void> {
  await expect.poll(() => slow.filter(({ isOpen }) => isOpen).length, { timeout: 120_000 }).toBe(0)
}
