import { once } from 'node:events'
import { mkdtemp, readdir, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Part } from '../../support/browser/form.ts'
import { formOf } from '../../support/browser/form.ts'
import type { Answer } from '../../support/http.ts'
import { sendRaw } from '../../support/raw-http.ts'
import { socketsOf } from '../../support/process/sockets.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, atOneProcess, auth, createWorld, signInAs } from '../../support/world.ts'

const notAnImage = {
  photo: ['Upload a valid image. The file you uploaded was either not an image or a corrupted image.'],
}

let world: World
let uploads: string
let admin: string
let staff: string
let globexAdmin: string
let png: Buffer
beforeAll(async () => {
  uploads = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  world = await createWorld({ ACCESS_TTL: '3600', UPLOAD_DIR: uploads })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
  png = await picture().png().toBuffer()
})
afterAll(async () => {
  await world.stop()
  await rm(uploads, { recursive: true })
})

describe('a photo', () => {
  test.each(['png', 'jpeg', 'webp'] as const)('may be a %s, and becomes WebP in two sizes, UPL-01', async format => {
    const put = await putPhoto(world.acme, staff, world.acme.staff.id, await picture().toFormat(format).toBuffer(), {
      type: `image/${format}`,
    })
    expect(put.status).toBe(200)
    expect(put.json).toMatchObject({
      id: world.acme.staff.id,
      photo: expect.stringMatching(`^${photoPath(world.acme.staff.id)}\\?v=[0-9a-f]{8}$`),
    })
    for (const [query, side] of [
      ['', 256],
      ['?size=256', 256],
      ['?size=64', 64],
    ] as const) {
      const got = await world.acme.call(photoPath(world.acme.staff.id) + query, { token: staff })
      expect(got.status).toBe(200)
      expect(await sharp(got.bytes).metadata()).toMatchObject({ format: 'webp', width: side, height: side })
    }
    expect((await world.acme.call(`${photoPath(world.acme.staff.id)}?size=9999`, { token: staff })).status).toBe(400)
  })

  test('has headers that keep a browser from interpreting it as anything else, UPL-07', async () => {
    await putPhoto(world.acme, staff, world.acme.staff.id, png)
    const { headers } = await world.acme.call(photoPath(world.acme.staff.id), { token: staff })
    expect(headers).toMatchObject({
      'content-type': 'image/webp',
      'x-content-type-options': 'nosniff',
      'content-disposition': 'inline; filename="photo.webp"',
      'content-security-policy': `default-src 'none'; frame-ancestors 'none'; sandbox`,
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, no-store',
    })
  })

  test('is named wherever its user is', async () => {
    const { photo } = (await putPhoto(world.acme, staff, world.acme.staff.id, png)).json
    const { id } = world.acme.staff
    expect((await world.acme.call(`${auth}/users/me/`, { token: staff })).json.photo).toBe(photo)
    expect((await world.acme.call(`${auth}/users/${id}/`, { token: admin })).json.photo).toBe(photo)
    expect((await world.acme.call(`${api}/users/${id}/`, { token: staff })).json.photo).toBe(photo)
    expect((await world.acme.call(`${api}/users/?search=ben`, { token: staff })).json.results[0].photo).toBe(photo)
    expect((await world.acme.call(photo, { token: admin })).status).toBe(200)
  })

  test('keeps only the pixels of its file, with the orientation applied, UPL-09', async () => {
    const tagged = await sharp({ create: { width: 400, height: 200, channels: 3, background: 'red' } })
      .composite([{ input: { create: { width: 200, height: 200, channels: 3, background: 'blue' } }, left: 0, top: 0 }])
      .jpeg()
      .withExif({ IFD0: { Copyright: 'canary-in-exif' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
      .withMetadata({ orientation: 3 })
      .toBuffer()
    const polyglot = Buffer.concat([tagged, Buffer.from('<script>alert("canary-behind")</script>')])
    expect((await putPhoto(world.acme, staff, world.acme.staff.id, polyglot, { type: 'image/jpeg' })).status).toBe(200)
    const { bytes } = await world.acme.call(photoPath(world.acme.staff.id), { token: staff })
    const { exif, xmp, orientation } = await sharp(bytes).metadata()
    expect({ exif, xmp, orientation }).toEqual({})
    expect(bytes.includes('canary')).toBe(false)
    const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
    expect(data[0]! > 200 && data[2]! < 50).toBe(true)
  })

  test('is replaced and removed with its files, and deleted with its user, UPL-11', async () => {
    const person = await addPerson(world, world.acme, 'fay@example.com')
    const { access } = await signInAs(world.acme, person)
    for (let i = 0; i < 3; i++) expect((await putPhoto(world.acme, access, person.id, png)).status).toBe(200)
    expect(await filesOf(world.acme, person.id)).toHaveLength(2)
    await Promise.all(Array.from({ length: 5 }, () => putPhoto(world.acme, access, person.id, png)))
    expect(await filesOf(world.acme, person.id)).toHaveLength(2)
    expect((await world.acme.call(photoPath(person.id), { token: access })).status).toBe(200)

    expect(await world.acme.call(photoPath(person.id), { method: 'DELETE', token: access })).toMatchObject({
      status: 204,
      text: '',
    })
    expect((await world.acme.call(photoPath(person.id), { method: 'DELETE', token: access })).status).toBe(204)
    expect(await filesOf(world.acme, person.id)).toEqual([])
    expect((await world.acme.call(photoPath(person.id), { token: access })).status).toBe(404)
    expect((await world.acme.call(`${auth}/users/me/`, { token: access })).json.photo).toBeNull()

    await putPhoto(world.acme, access, person.id, png)
    expect(
      (await world.acme.call(`${auth}/users/me/`, { method: 'PATCH', token: access, body: { photo: null } })).json
        .photo,
    ).toBeNull()
    expect(await filesOf(world.acme, person.id)).toEqual([])

    await putPhoto(world.acme, access, person.id, png)
    expect(
      (
        await world.acme.call(`${auth}/users/me/`, {
          method: 'DELETE',
          token: access,
          body: { current_password: person.password },
        })
      ).status,
    ).toBe(204)
    expect(await filesOf(world.acme, person.id)).toEqual([])
  })

  test('removes files of a killed process, and not those that another process is writing', async () => {
    const folder = join(uploads, world.acme.schema, world.acme.staff.id)
    await putPhoto(world.acme, staff, world.acme.staff.id, png)
    await writeFile(join(folder, 'left-256.webp.part'), 'half')
    await utimes(join(folder, 'left-256.webp.part'), 0, 0)
    await writeFile(join(folder, 'busy-256.webp.part'), 'half')
    await putPhoto(world.acme, staff, world.acme.staff.id, png)
    const files = await filesOf(world.acme, world.acme.staff.id)
    expect(files).toHaveLength(3)
    expect(files).toContain('busy-256.webp.part')
    await unlink(join(folder, 'busy-256.webp.part'))
  })

  test('is written into the record', async () => {
    await putPhoto(world.acme, admin, world.acme.staff.id, png)
    const { json } = await world.acme.call(`${api}/audit/?action=user.photo_replaced&page_size=1`, { token: admin })
    expect(json.results[0]).toMatchObject({ actor: world.acme.admin.id, subject: world.acme.staff.id })
  })
})

describe('who may', () => {
  test('change a photo: the user themselves, and an Admin for anyone of the same organisation, UPL-14', async () => {
    expect((await putPhoto(world.acme, admin, world.acme.staff.id, png)).status).toBe(200)
    expect((await putPhoto(world.acme, staff, world.acme.admin.id, png)).status).toBe(404)
    expect(
      (await world.acme.call(photoPath(world.acme.staff.id), { method: 'DELETE', token: globexAdmin })).status,
    ).toBe(401)
    expect((await putPhoto(world.globex, globexAdmin, world.acme.staff.id, png)).status).toBe(404)
    expect(
      (await world.globex.call(photoPath(world.acme.staff.id), { method: 'DELETE', token: globexAdmin })).status,
    ).toBe(404)
    expect((await world.acme.call(photoPath(world.acme.staff.id), { token: admin })).status).toBe(200)
  })

  test('see one: the signed-in users of that organisation, AZ-16', async () => {
    await putPhoto(world.acme, staff, world.acme.staff.id, png)
    const path = photoPath(world.acme.staff.id)
    const stranger = photoPath('01900000-0000-7000-8000-000000000000')
    expect((await world.acme.call(path)).status).toBe(401)
    expect((await world.acme.call(path, { token: globexAdmin })).status).toBe(401)
    const ofAnother = await world.globex.call(path, { token: globexAdmin })
    const ofNobody = await world.globex.call(stranger, { token: globexAdmin })
    expect([ofAnother.status, ofAnother.text]).toEqual([404, '{"detail":"Not found."}'])
    expect([ofNobody.status, ofNobody.text]).toEqual([ofAnother.status, ofAnother.text])

    // The exact URL, with its version parameter, is refused for other callers too.
    const { photo } = (await world.acme.call(`${auth}/users/me/`, { token: staff })).json
    expect((await world.acme.call(photo, { token: staff })).status).toBe(200)
    for (const host of [world.globex.host, world.console.host, `localhost:${world.port}`, `127.0.0.1:${world.port}`]) {
      expect([host, (await world.call(host, photo)).status]).toEqual([host, expect.toBeOneOf([400, 401, 404])])
      expect([host, (await world.call(host, photo, { token: staff })).status]).toEqual([
        host,
        expect.toBeOneOf([400, 401, 404]),
      ])
    }
  })

  test('not guess the URL of a picture, AZ-16', async () => {
    await putPhoto(world.acme, staff, world.acme.staff.id, png)
    const {
      schema,
      staff: { id },
    } = world.acme
    const [file] = await filesOf(world.acme, id)
    const folders = [
      '',
      '/uploads',
      '/public',
      '/static',
      '/_nuxt',
      '/_ipx/_',
      '/photos',
      api,
      `${api}/uploads`,
      `${api}/users`,
      photoPath(id).replace(/\/$/, ''),
    ]
    for (const folder of folders) {
      for (const path of [
        `${schema}/${id}/${file}`,
        `${id}/${file}`,
        file,
        `..%2f${schema}/${id}/${file}`,
        encodeURIComponent(`${uploads}/${schema}/${id}/${file}`),
      ]) {
        for (const token of [undefined, staff, admin]) {
          const answer = await world.acme.call(`${folder}/${path}`, { token })
          expect([folder, path, answer.status]).toEqual([folder, path, token ? 404 : expect.toBeOneOf([401, 404])])
        }
      }
    }
  })

  test('see that of an inactive user: an Admin', async () => {
    const gone = await addPerson(world, world.acme, 'gus@example.com')
    expect((await putPhoto(world.acme, admin, gone.id, png)).status).toBe(200)
    await world.acme.call(`${auth}/users/${gone.id}/`, { method: 'PATCH', token: admin, body: { is_active: false } })
    expect((await world.acme.call(photoPath(gone.id), { token: staff })).status).toBe(404)
    expect((await world.acme.call(photoPath(gone.id), { token: admin })).status).toBe(200)
  })

  test.each(['/../../secret', '/%2e%2e%2f%2e%2e%2fsecret', '/..%2f', '/%252e%252e/'])(
    'not read files by a path such as %s, UPL-08, AZ-16',
    async path => {
      expect((await world.acme.call(`${photoPath(world.acme.staff.id)}${path}`, { token: admin })).status).toBe(404)
      expect((await world.acme.call(`${api}/users${path}/photo/`, { token: admin })).status).toBe(404)
      expect((await world.acme.call(`/uploads${path}`, { token: admin })).status).toBe(404)
    },
  )

  test('not read the target of a planted symlink, UPL-08', async () => {
    await putPhoto(world.acme, staff, world.acme.staff.id, png)
    const folder = join(uploads, world.acme.schema, world.acme.staff.id)
    const [file] = (await filesOf(world.acme, world.acme.staff.id)).filter(name => name.endsWith('-256.webp'))
    await unlink(join(folder, file!))
    await symlink('/etc/hostname', join(folder, file!))
    expect((await world.acme.call(photoPath(world.acme.staff.id), { token: staff })).status).toBe(404)
  })
})

describe('an invalid photo', () => {
  test('is refused by its content, with any name and type, UPL-01, UPL-02', async () => {
    const files = {
      gif: await picture().gif().toBuffer(),
      tiff: await picture().tiff().toBuffer(),
      svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'),
      html: Buffer.from('<!doctype html><script>alert(1)</script>'),
      js: Buffer.from('alert(1)'),
      pdf: Buffer.from('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF'),
      bmp: Buffer.concat([Buffer.from('BM'), Buffer.alloc(100)]),
      heic: Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
      cut: png.subarray(0, png.length - 200),
      magic: Buffer.concat([png.subarray(0, 8), Buffer.from('<script>')]),
    }
    for (const [name, bytes] of Object.entries(files)) {
      for (const form of [false, true]) {
        const answer = await putPhoto(world.acme, staff, world.acme.staff.id, bytes, { form })
        expect([name, answer.status, answer.json]).toEqual([name, 400, notAnImage])
      }
    }
    expect((await putPhoto(world.acme, staff, world.acme.staff.id, Buffer.alloc(0), { form: true })).json).toEqual({
      photo: ['The submitted file is empty.'],
    })
  })

  test('is refused by its type before it is read', async () => {
    for (const type of [
      'image/svg+xml',
      'image/gif',
      'text/html',
      'application/json',
      'application/x-www-form-urlencoded',
      'image/png, text/html',
      '',
    ]) {
      expect((await putPhoto(world.acme, staff, world.acme.staff.id, png, { type })).status).toBe(415)
    }
    // Other routes accept neither images nor forms.
    for (const path of [`${auth}/users/me/`, `${api}/users/${world.acme.staff.id}/`]) {
      expect(
        (
          await world.acme.call(path, {
            method: 'PUT',
            token: staff,
            body: png,
            headers: { 'content-type': 'image/png' },
          })
        ).status,
      ).toBeOneOf([405, 415])
    }
    expect(
      (await world.acme.call(`${auth}/users/me/`, { method: 'PATCH', token: staff, ...formOf([{ content: png }]) }))
        .status,
    ).toBe(415)
  })

  test('is a URL: the server does not fetch it, UPL-10', async () => {
    for (const photo of ['http://127.0.0.1:9/', 'file:///etc/passwd', { url: 'http://127.0.0.1:9/' }]) {
      const answer = await world.acme.call(`${auth}/users/me/`, { method: 'PATCH', token: staff, body: { photo } })
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['photo']])
    }
  })

  test('is one that decompresses to more than the limit', async () => {
    const answer = await putPhoto(world.acme, staff, world.acme.staff.id, pngBomb(30_000, 30_000))
    expect([answer.status, answer.json]).toEqual([400, notAnImage])
  })
})

describe('an upload that is too long', () => {
  const tooLong = Buffer.alloc(6_000_000, 'x')

  test('is refused with a correct length, without one, and with a wrong one, UPL-05', async () => {
    const path = photoPath(world.acme.staff.id)
    expect((await putPhoto(world.acme, staff, world.acme.staff.id, tooLong)).status).toBe(413)
    expect((await putPhoto(world.acme, staff, world.acme.staff.id, tooLong, { form: true })).status).toBe(413)
    const head = [
      `PUT ${path} HTTP/1.1`,
      `Host: ${world.acme.host}`,
      `Authorization: Bearer ${staff}`,
      'Content-Type: image/png',
    ]
    expect(await sendInChunks(path, tooLong)).toBe(413)
    expect((await sendRaw(world.port, [...head, 'Content-Length: 100000000'])).status).toBe(413)
    // Bytes after the announced length are parsed as another request, an invalid one.
    expect((await sendRaw(world.port, [...head, 'Content-Length: 10'], png)).status).toBe(400)
    expect(
      (await sendRaw(world.port, [...head, `Content-Length: ${png.length}`, 'Content-Length: 5'], png)).status,
    ).toBe(400)
  })

  test('of five megabytes is accepted', async () => {
    const noise = await sharp({
      create: {
        width: 1300,
        height: 1250,
        channels: 3,
        background: 'grey',
        noise: { type: 'gaussian', mean: 128, sigma: 90 },
      },
    })
      .png({ compressionLevel: 0 })
      .toBuffer()
    expect(noise.length > 4_500_000 && noise.length < 5_242_880).toBe(true)
    for (const form of [false, true])
      expect((await putPhoto(world.acme, staff, world.acme.staff.id, noise, { form })).status).toBe(200)
  })

  test('is not read further on other routes', async () => {
    const body = Buffer.alloc(1_000_001, ' ')
    // The server closes the connection, and a balancer that is still sending may lose the answer.
    expect((await atOneProcess(world, world.acme).call(`${auth}/jwt/create/`, { body })).status).toBe(413)
  })

  test('leaves nothing behind when it is cut off', async () => {
    await putPhoto(world.acme, staff, world.acme.staff.id, png)
    const before = await filesOf(world.acme, world.acme.staff.id)
    const sent = request({
      host: '127.0.0.1',
      port: world.port,
      path: photoPath(world.acme.staff.id),
      method: 'PUT',
      headers: {
        'host': world.acme.host,
        'authorization': `Bearer ${staff}`,
        'content-type': 'image/png',
        'content-length': png.length,
      },
      agent: false,
    })
    sent.on('error', () => {})
    sent.write(png.subarray(0, 100))
    const [socket] = (await once(sent, 'socket')) as [Socket]
    await once(socket, 'connect')
    const { localPort } = socket
    const connection = async () => (await socketsOf(world.port)).find(({ peer }) => peer === localPort)
    // Waits until the server has read everything and has seen the end of the data.
    await expect.poll(connection).toMatchObject({ unread: 0 })
    sent.destroy()
    await expect.poll(connection).toBeUndefined()
    expect(await filesOf(world.acme, world.acme.staff.id)).toEqual(before)
  })
})

describe('a form', () => {
  test('has one part, whose file name is ignored, UPL-06', async () => {
    for (const filename of [
      '../../x',
      '..%2f..%2fx',
      'C:\\x.png',
      'a\0b.png',
      'x'.repeat(3_000),
      '\u202Egnp.exe',
      '.htaccess',
      'con.png',
      'a.png/../../b',
    ]) {
      const answer = await world.acme.call(photoPath(world.acme.staff.id), {
        method: 'PUT',
        token: staff,
        ...formOf([{ filename, content: png }]),
      })
      expect([filename, answer.status]).toEqual([filename, 200])
    }
    expect(
      (await filesOf(world.acme, world.acme.staff.id)).every(name => /^[0-9a-f-]{36}-(?:64|256)\.webp$/.test(name)),
    ).toBe(true)
    expect(await readdir(uploads)).toEqual(expect.arrayContaining([world.acme.schema]))
    expect((await readdir(uploads)).every(name => name.startsWith('t_'))).toBe(true)
  })

  test('of another shape is refused, UPL-12', async () => {
    const part: Part = { content: png }
    const forms: Record<string, ReturnType<typeof formOf>> = {
      'no part': formOf([]),
      'two photos': formOf([part, part]),
      'a thousand parts': formOf(Array.from({ length: 1_000 }, (_, i) => ({ name: `f${i}`, content: 'x' }))),
      'another field': formOf([{ ...part, name: 'avatar' }]),
      '__proto__': formOf([{ ...part, name: '__proto__' }]),
      'one megabyte of a name': formOf([{ ...part, name: 'x'.repeat(1_000_000) }]),
      'no headers': { ...formOf([]), body: Buffer.from('--a-boundary-of-ours\r\n\r\nxx\r\n--a-boundary-of-ours--') },
      'no end': { ...formOf([part]), body: formOf([part]).body.subarray(0, -10) },
      'no boundary': { ...formOf([part]), headers: { 'content-type': 'multipart/form-data; charset=x' } },
      'an empty boundary': { ...formOf([part]), headers: { 'content-type': 'multipart/form-data; boundary=' } },
      'another boundary': { ...formOf([part]), headers: { 'content-type': 'multipart/form-data; boundary=other' } },
      'nothing': { ...formOf([part]), body: Buffer.from('\r\n') },
    }
    for (const [name, form] of Object.entries(forms)) {
      const answer = await world.acme.call(photoPath(world.acme.staff.id), { method: 'PUT', token: staff, ...form })
      expect([name, answer.status]).toEqual([name, 400])
    }
  })

  test('from another site is refused', async () => {
    const form = formOf([{ content: png }])
    const answer = await world.acme.call(photoPath(world.acme.staff.id), {
      method: 'PUT',
      ...form,
      cookies: { tenantry_access: staff },
      headers: { ...form.headers, 'sec-fetch-site': 'same-site' },
    })
    expect(answer).toMatchObject({ status: 403, json: { code: 'cross_site' } })
  })
})

test('a write error of the disk has its own answer, and the next attempt works', async () => {
  const person = await addPerson(world, world.acme, 'hal@example.com')
  const { access } = await signInAs(world.acme, person)
  await writeFile(join(uploads, world.acme.schema, person.id), 'in the way of the folder')
  expect(await putPhoto(world.acme, access, person.id, png)).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
  })
  await unlink(join(uploads, world.acme.schema, person.id))
  expect((await putPhoto(world.acme, access, person.id, png)).status).toBe(200)
})

test('a hundred pictures in a quarter of an hour are enough for one person, UPL-11', async () => {
  const eager = await addPerson(world, world.globex, 'eve@example.com')
  const { access } = await signInAs(world.globex, eager)
  const statuses = new Map<number, number>()
  for (let i = 0; i < 105; i++) {
    const { status } = await putPhoto(world.globex, access, eager.id, Buffer.from('no picture'))
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  expect(Object.fromEntries(statuses)).toEqual({ 400: 100, 429: 5 })
  expect((await putPhoto(world.globex, globexAdmin, world.globex.admin.id, png)).status).toBe(200)
})

function putPhoto(
  place: Place,
  token: string,
  id: string,
  bytes: Buffer,
  { type = 'image/png', form = false } = {},
): Promise<Answer> {
  const request = form ? formOf([{ content: bytes, type }]) : { body: bytes, headers: { 'content-type': type } }
  return place.call(photoPath(id), { method: 'PUT', token, ...request })
}

/**
 * Sends bytes without their length, in chunks.
 * @returns the status
 */
function sendInChunks(path: string, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'host': world.acme.host,
      'authorization': `Bearer ${staff}`,
      'content-type': 'image/png',
      'transfer-encoding': 'chunked',
    }
    const sent = request({ host: '127.0.0.1', port: world.port, path, method: 'PUT', headers }, answer =>
      resolve(answer.resume().statusCode!),
    )
    sent.on('error', reject).end(bytes)
  })
}

function photoPath(id: string): string {
  return `${api}/users/${id}/photo/`
}

async function filesOf(place: Place, id: string): Promise<string[]> {
  return (await readdir(join(uploads, place.schema, id)).catch(() => [])).sort()
}

function picture() {
  return sharp({
    create: {
      width: 300,
      height: 200,
      channels: 3,
      background: 'teal',
      noise: { type: 'gaussian', mean: 120, sigma: 20 },
    },
  })
}

/** A PNG of a few bytes whose header announces this many pixels. */
function pngBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1A\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(10_000_000))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const bytes = Buffer.alloc(body.length + 8)
  bytes.writeUInt32BE(data.length, 0)
  bytes.set(body, 4)
  bytes.writeUInt32BE(crc32(body), body.length + 4)
  return bytes
}
