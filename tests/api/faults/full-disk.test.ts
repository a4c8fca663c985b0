import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { finished } from '../../support/data/archives.ts'
import { findFileViolations, findViolations } from '../../support/faults/invariants.ts'
import { createRig, reportLine, underTraffic } from '../../support/faults/rig.ts'
import type { SmallDisk } from '../../support/faults/small-disk.ts'
import { mountSmallDisk, whyNoSmallDisk } from '../../support/faults/small-disk.ts'
import { isLong, volume } from '../../support/volume.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

if (whyNoSmallDisk) await reportLine(`full disks: skipped, because none can be mounted: ${whyNoSmallDisk}`)

describe.skipIf(whyNoSmallDisk)('a full disk', () => {
  let disk: SmallDisk
  let world: World
  let sql: postgres.Sql
  let picture: Buffer
  beforeAll(async () => {
    disk = await mountSmallDisk('1m')
    world = await createWorld({ UPLOAD_DIR: join(disk.path, 'uploads'), ARCHIVE_DIR: join(disk.path, 'archives') })
    sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
    picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
      .png()
      .toBuffer()
  })
  afterAll(async () => {
    await sql.end()
    await world.stop()
    await disk.remove()
  })

  test('of uploads: a picture is refused with 507, the former one stays, and nothing is left of it', async () => {
    const places = [world.acme, world.globex]
    const put = async (status: number) => {
      for (const place of places) {
        const { access: token } = await signInAs(place, place.admin)
        for (const path of [`${api}/users/${place.admin.id}/photo/`, `${api}/organization/logo/`]) {
          const headers = { 'content-type': 'image/png' }
          const answer = await place.call(path, { method: 'PUT', token, body: picture, headers })
          expect([path, answer.status]).toEqual([path, status])
        }
      }
    }
    const schemas = places.map(({ schema }) => schema)
    const violations = () => findFileViolations(sql, schemas, join(disk.path, 'uploads'))
    await put(200)
    expect(await violations()).toEqual([])
    for (let i = 0; i < volume(1, 20); i++) {
      await disk.fill()
      await put(507)
      expect(await violations()).toEqual([])
      await disk.free()
      await put(200)
      expect(await violations()).toEqual([])
    }
    expect(await findViolations(sql)).toEqual([])
    await reportLine(`disk of uploads full ${volume(1, 20)} times: 507, served again at once, all invariants hold`)
  })

  test('of archives: the export fails and says why, leaves nothing, and works again when there is room', async () => {
    const { access: token } = await signInAs(world.console, world.console.admin)
    const exportAcme = async () => {
      const answer = await world.console.call(`${api}/tenants/${world.acme.id}/exports/`, { method: 'POST', token })
      expect(answer.status).toBe(202)
      return finished(world.app, answer.json.id as string)
    }
    const reasons = new Set<string | null>()
    for (let i = 0; i < volume(1, 10); i++) {
      await disk.fill()
      const failed = await exportAcme()
      expect([failed.state, failed.error]).toEqual(['failed', expect.any(String)])
      reasons.add(failed.error)
      expect(await readdir(join(disk.path, 'archives')).catch(() => [])).toEqual([])
      await disk.free()
      const done = await exportAcme()
      expect([done.state, done.error]).toEqual(['done', null])
      const names = await readdir(join(disk.path, 'archives'))
      expect(names).toEqual([expect.stringMatching(/^acme-.*\.tar$/)])
      const path = `${api}/archives/${names[0]}/`
      expect((await world.console.call(path, { method: 'DELETE', token })).status).toBe(204)
    }
    expect(await findViolations(sql)).toEqual([])
    const said = [...reasons].join('; ')
    await reportLine(`disk of archives full ${volume(1, 10)} times: failed (${said}), all invariants hold`)
  })
})

describe.skipIf(whyNoSmallDisk || !isLong)("PostgreSQL's full disk", () => {
  test('lets writes fail with 503, and nothing acknowledged is lost when there is room again', async () => {
    const disk = await mountSmallDisk('400m')
    const rig = await createRig({}, disk.path)
    await underTraffic(rig, "PostgreSQL's disk full", async traffic => {
      await disk.fill()
      const before = traffic.counts.refusedWrites
      while (traffic.counts.refusedWrites < before + 50) await traffic.answers(20)
      await disk.free()
    })
    await rig.remove()
    await disk.remove()
  })

  test('in the middle of its log stops it: it starts again by itself when there is room', async () => {
    const disk = await mountSmallDisk('400m')
    const rig = await createRig({}, disk.path)
    const superuser = postgres(await rig.cluster.openToSuperuser(), { max: 1, onnotice: () => {} })
    await underTraffic(rig, "PostgreSQL's disk full in the middle of its log", async traffic => {
      await disk.fill()
      await superuser`select pg_switch_wal()`.catch(() => {})
      const before = traffic.counts.refusedReads
      while (traffic.counts.refusedReads < before + 50) await traffic.answers(20)
      await disk.free()
    })
    await superuser.end({ timeout: 0 })
    await rig.remove()
    await disk.remove()
  })
})
