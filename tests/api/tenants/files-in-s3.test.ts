import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '#server/config.ts'
import { loadConfig } from '#server/config.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { checkPictures } from '#server/domain/archives/checks.ts'
import { deleteUnusedImages } from '#server/domain/images/folders.ts'
import { cleanUp } from '#server/domain/platform/retention.ts'
import { checkStorage } from '#server/domain/platform/storage-checks.ts'
import { checkFiles } from '#server/domain/platform/tenant-checks.ts'
import { openFiles } from '#server/domain/storage/open.ts'
import { finished, rowsOf } from '../../support/data/archives.ts'
import type { S3Server } from '../../support/data/s3.ts'
import { createS3Server } from '../../support/data/s3.ts'
import { runCli } from '../../support/process/cli.ts'
import type { Place, World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

let s3: S3Server
let world: World
let sql: postgres.Sql
let scratch: string
let owner: string
const admins = new Map<Place, string>()

beforeAll(async () => {
  s3 = await createS3Server()
  scratch = await mkdtemp(join(tmpdir(), 'tenantry-scratch-'))
  world = await createWorld({
    ...s3.settings,
    ARCHIVE_DIR: join(scratch, 'archives'),
    UPLOAD_DIR: join(scratch, 'uploads'),
  })
  sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {} })
  owner = (await signInAs(world.console, world.console.admin)).access
  for (const place of [world.acme, world.globex]) {
    admins.set(place, (await signInAs(place, place.admin)).access)
    for (const path of [photoOf(place), `${api}/organization/logo/`])
      expect((await put(place, path, 'red')).status).toBe(200)
  }
})
afterEach(() => {
  s3.disturb = undefined
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  await s3.stop()
  await rm(scratch, { recursive: true })
})

describe('in a bucket', () => {
  test('photos and logos are each with their organisation, none is on the disk, and a new one replaces the old one', async () => {
    for (const place of [world.acme, world.globex]) {
      expect((await get(place, photoOf(place))).headers['content-type']).toBe('image/webp')
      expect((await get(place, `${api}/organization/logo/`)).status).toBe(200)
      expect(await keysOf(place.schema)).toHaveLength(4)
    }
    const globex = await keysOf(world.globex.schema)
    const before = await keysOf(world.acme.schema)
    expect((await put(world.acme, photoOf(world.acme), 'blue')).status).toBe(200)
    const after = await keysOf(world.acme.schema)
    expect(after).toHaveLength(4)
    expect(after.filter(key => before.includes(key))).toHaveLength(2)
    expect(await keysOf(world.globex.schema)).toEqual(globex)
    expect(await readdir(scratch)).toEqual([])
  })

  test('an archive is written, listed, downloaded and deleted', async () => {
    const name = await exported(world.acme)
    expect(await readdir(join(scratch, 'archives'))).toEqual([])
    const { json } = await onConsole('archives/')
    expect(json.results).toContainEqual(
      expect.objectContaining({ name, ours: true, problem: null, people: 2, files: 4 }),
    )
    expect((await onConsole(`tenants/${world.globex.id}/archives/`)).json.count).toBe(0)
    const { status, bytes } = await onConsole(`archives/${name}/`)
    expect(status).toBe(200)
    expect(bytes.equals(await readFile(s3.fileOf(`tenantry/archives/${name}`)))).toBe(true)
    expect((await onConsole(`archives/${name}/`, { method: 'DELETE' })).status).toBe(204)
    expect((await onConsole(`archives/${name}/`)).status).toBe(404)
    expect((await onConsole('archives/')).json.results).not.toContainEqual(expect.objectContaining({ name }))
  })

  test('an archive is restored as a new organisation and in place, with its images', async () => {
    const name = await exported(world.acme)
    const rows = await rowsOf(sql, world.acme.schema)
    const images = await imagesOf(world.acme.schema)
    const globex = await imagesOf(world.globex.schema)
    const answer = await onConsole(`archives/${name}/restorations/`, { body: { name: 'Again', subdomain: 'again' } })
    const { result, error } = await finished(world.app, answer.json.id)
    expect(error).toBeNull()
    const [again] = await sql`select schema from platform.tenants where id = ${result!.tenant as string}`
    expect(await rowsOf(sql, again!.schema)).toEqual(rows)
    expect(await imagesOf(again!.schema)).toEqual(images)

    await put(world.acme, photoOf(world.acme), 'green')
    expect(await imagesOf(world.acme.schema)).not.toEqual(images)
    const inPlace = await onConsole(`tenants/${world.acme.id}/restorations/`, { body: { archive: name } })
    expect((await finished(world.app, inPlace.json.id)).error).toBeNull()
    expect(await imagesOf(world.acme.schema)).toEqual(images)
    expect(await imagesOf(world.globex.schema)).toEqual(globex)
    admins.set(world.acme, (await signInAs(world.acme, world.acme.admin)).access)
  })

  test('an archive that was damaged there is found, and restores nothing', async () => {
    const name = await exported(world.globex)
    const file = s3.fileOf(`tenantry/archives/${name}`)
    const bytes = await readFile(file)
    bytes[bytes.length - 3_000]! ^= 1
    await writeFile(file, bytes)
    const verified = await runCli(['tenant', 'archives', 'globex', '--verify', '--json'], world.env)
    expect(verified).toMatchObject({ code: 1, json: [{ name, problem: expect.stringMatching(/damaged/) }] })
    const images = await imagesOf(world.globex.schema)
    const answer = await onConsole(`tenants/${world.globex.id}/restorations/`, { body: { archive: name } })
    expect(await finished(world.app, answer.json.id)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/damaged/),
    })
    expect(await imagesOf(world.globex.schema)).toEqual(images)
    expect((await onConsole(`archives/${name}/`, { method: 'DELETE' })).status).toBe(204)
  })

  test('a clone has no images, and an organisation that is purged leaves none', async () => {
    const answer = await onConsole(`tenants/${world.acme.id}/clones/`, {
      body: { name: 'Copy', subdomain: 'copy', admin_email: 'dev@tenantry.test' },
    })
    const { result } = await finished(world.app, answer.json.id)
    const [copy] = await sql`select id, schema from platform.tenants where id = ${result!.tenant as string}`
    expect(await keysOf(copy!.schema)).toEqual([])

    const [again] = await sql`select id, schema from platform.tenants where subdomain = 'again'`
    expect(await keysOf(again!.schema)).toHaveLength(4)
    const kept = [await keysOf(world.acme.schema), await keysOf(world.globex.schema)]
    expect((await runCli(['tenant', 'delete', 'again', '--now', '--yes'], world.env)).code).toBe(0)
    await expect.poll(() => sql`select from platform.tenants where subdomain = 'again'`).toHaveLength(0)
    expect(await keysOf(again!.schema)).toEqual([])
    expect([await keysOf(world.acme.schema), await keysOf(world.globex.schema)]).toEqual(kept)
  })

  test('what no row names is found and deleted, and so is what belongs to nobody', async () => {
    const { images } = world.app.files
    const kept = await keysOf(world.acme.schema)
    const stray = `${world.acme.schema}/logo/00000000-0000-4000-8000-000000000000-64.webp`
    await images.put(stray, Buffer.from('x'))
    // It may be of an upload in progress.
    expect(await deleteUnusedImages(world.app, world.acme.schema)).toBe(0)
    await makeOld(stray)
    expect((await checkPictures(world.app)).problems).toEqual([
      expect.stringMatching(`s3://staff/tenantry/images/${stray}`),
    ])
    await cleanUp(world.app, loadMigrations('.', 'tenant'))
    expect(await keysOf(world.acme.schema)).toEqual(kept)

    await images.put('t_nobody_abc123/logo/x.webp', Buffer.from('x'))
    expect((await checkFiles(world.app)).problems).toEqual([expect.stringMatching('t_nobody_abc123')])
    expect((await runCli(['doctor', '--remove-orphans'], world.env)).output).toMatch('1 folder.')
    expect(await keysOf('t_nobody_abc123')).toEqual([])
  })
})

describe('where the bucket', () => {
  test.each(['down', 'slow', 'forbidden'] as const)(
    'is %s, an upload is refused and changes nothing, an image is not there, and everything else works',
    async kind => {
      const keys = await keysOf(world.acme.schema)
      s3.disturb = () => kind
      const refused = await put(world.acme, photoOf(world.acme), 'green')
      expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable' } })
      expect((await get(world.acme, photoOf(world.acme))).status).toBe(503)
      expect((await get(world.acme, `${api}/users/`)).status).toBe(200)
      expect((await onConsole('archives/')).status).toBe(503)
      s3.disturb = undefined
      expect(await keysOf(world.acme.schema)).toEqual(keys)
      expect((await get(world.acme, photoOf(world.acme))).status).toBe(200)
      const lines = world.server.log.filter(({ event }) => event === 'image_write_failed')
      expect(lines.at(-1)!.reason).toMatch(/^S3 (?:does not answer: .+|refuses PUT with 403 AccessDenied)$/)
      expect(JSON.stringify(world.server.log)).not.toMatch(/S3RVER|AWS4-HMAC/)
    },
  )

  test('is away for a moment, an export goes on when it is back', async () => {
    s3.disturb = request => (request.startsWith('PUT tenantry/archives/') ? 'down' : undefined)
    const answer = await onConsole(`tenants/${world.acme.id}/exports/`, { body: {} })
    await expect
      .poll(() => world.server.log.some(({ event }) => event === 'operation_retry_scheduled'), { timeout: 60_000 })
      .toBe(true)
    s3.disturb = undefined
    expect(await finished(world.app, answer.json.id)).toMatchObject({ state: 'done', error: null })
  })

  test('refuses an export, the operation fails and says why', async () => {
    s3.disturb = request => (request.startsWith('PUT tenantry/archives/') ? 'forbidden' : undefined)
    const answer = await onConsole(`tenants/${world.acme.id}/exports/`, { body: {} })
    expect(await finished(world.app, answer.json.id)).toMatchObject({
      state: 'failed',
      error: 'S3 refuses PUT with 403 AccessDenied',
    })
    expect(await readdir(join(scratch, 'archives'))).toEqual([])
  })
})

describe('the command line', () => {
  test('finds what the access key may not do', async () => {
    expect((await checkStorage(world.app)).problems).toEqual([])
    for (const [method, verb] of [
      ['PUT', 'written'],
      ['GET tenantry/images/doctor', 'read'],
      ['GET ?', 'listed'],
      ['DELETE', 'deleted'],
    ]) {
      s3.disturb = request => (request.startsWith(method!) ? 'forbidden' : undefined)
      expect((await checkStorage(world.app)).problems).toEqual([
        expect.stringMatching(`^A file cannot be ${verb}: S3 refuses .* 403 AccessDenied`),
      ])
    }
    s3.disturb = undefined
    for (const folder of await world.app.files.images.folders())
      if (folder.startsWith('doctor-')) await world.app.files.images.removeFolder(folder)
  })

  test('copies the files from folders to the bucket and back', async () => {
    const env = { ...world.env, S3_PREFIX: 'other/' }
    const folders = { ...world.env, ...Object.fromEntries(Object.keys(s3.settings).map(name => [name, ''])) }
    const { images, archives } = await openFiles(loadConfig(folders))
    await images.put(`${world.acme.schema}/logo/x.webp`, Buffer.from('logo'))
    const { json } = await runCli(['tenant', 'export', 'globex', '--json'], folders)
    expect(json.file).toMatch(scratch)
    const copied = { images: { copied: 1, present: 0 }, archives: { copied: 1, present: 0 } }
    const present = { images: { copied: 0, present: 1 }, archives: { copied: 0, present: 1 } }
    expect(await runCli(['files', 'copy', '--to', 's3', '--json'], env)).toMatchObject({ code: 0, json: copied })
    expect(await runCli(['files', 'copy', '--to', 's3', '--json'], env)).toMatchObject({ code: 0, json: present })
    const moved = await runCli(['tenant', 'archives', '--verify', '--json'], env)
    expect(moved).toMatchObject({ code: 0, json: [{ name: json.archive, problem: null }] })
    await images.removeFolder(world.acme.schema)
    await archives.remove(json.archive)
    expect(await runCli(['files', 'copy', '--to', 'folder', '--json'], env)).toMatchObject({ code: 0, json: copied })
    expect((await images.read(`${world.acme.schema}/logo/x.webp`))!.toString()).toBe('logo')
    expect((await runCli(['files', 'copy', '--to', 's3'], folders)).code).toBe(2)
    expect((await runCli(['files', 'copy', '--to', 'x'], env)).code).toBe(2)
  })

  test('refuses settings of which some are missing', () => {
    const given = { ...world.env, S3_SECRET_ACCESS_KEY: '' }
    expect(() => loadConfig(given)).toThrow(/^S3_SECRET_ACCESS_KEY is missing\./)
    expect(() => loadConfig({ ...world.env, S3_ENDPOINT: 'https://key:secret@s3.example' })).toThrow(/^S3_ENDPOINT: /)
    expect((loadConfig(world.env) satisfies Config).s3).toMatchObject({ bucket: 'staff', prefix: 'tenantry/' })
  })
})

const photoOf = (place: Place) => `${api}/users/${place.admin.id}/photo/`

async function put(place: Place, path: string, background: string) {
  const create = { width: 60, height: 60, channels: 3, background } as const
  const body = await sharp({ create }).png().toBuffer()
  return place.call(path, { method: 'PUT', token: admins.get(place)!, body, headers: { 'content-type': 'image/png' } })
}

function get(place: Place, path: string) {
  return place.call(path, { token: admins.get(place)! })
}

function onConsole(path: string, options: Parameters<Place['call']>[1] = {}) {
  return world.console.call(`${api}/${path}`, { token: owner, ...options })
}

async function exported({ id }: Place): Promise<string> {
  const { json } = await onConsole(`tenants/${id}/exports/`, { body: {} })
  const { result, error } = await finished(world.app, json.id)
  expect(error).toBeNull()
  return result!.archive as string
}

async function keysOf(schema: string): Promise<string[]> {
  return (await Array.fromAsync(world.app.files.images.list(schema))).map(({ path }) => path).sort()
}

/** The images of a schema, by their paths under it. */
async function imagesOf(schema: string): Promise<Record<string, string>> {
  const entries = (await keysOf(schema)).map(async key => [
    key.slice(schema.length),
    (await world.app.files.images.read(key))!.toString('base64'),
  ])
  return Object.fromEntries(await Promise.all(entries))
}

async function makeOld(path: string): Promise<void> {
  const before = new Date(Date.now() - 2 * 3_600_000)
  await utimes(s3.fileOf(`tenantry/images/${path}`), before, before)
}
