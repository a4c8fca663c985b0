import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from '#server/domain/context.ts'
import { deleteOldArchives } from '#server/domain/platform/archive-retention.ts'
import { finished } from '../../support/data/archives.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

let world: World
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-archives-'))
  world = await createWorld({ ARCHIVE_DIR: folder })
})
afterAll(async () => {
  await world.stop()
  await rm(folder, { recursive: true })
})

test('archives older than the retention go, but the newest of each organisation and what cannot be read stay', async () => {
  const first = [await archive('acme'), await archive('globex')]
  const second = await archive('acme')
  await writeFile(join(folder, 'acme-20200101T000000Z-0123abcd.tar'), 'no archive')
  const all = (await readdir(folder)).length
  expect(all).toBe(4)

  await deleteOldArchives(appWith(undefined))
  await deleteOldArchives(appWith(1))
  expect(await readdir(folder)).toHaveLength(all)

  // All of them are older than no days at all.
  await deleteOldArchives(appWith(0))
  expect((await readdir(folder)).sort()).toEqual([second, first[1]!, 'acme-20200101T000000Z-0123abcd.tar'].sort())
  const { db, tables } = world.app.database.platform
  const events = (await db.select().from(tables.audit_events)).filter(({ action }) => action === 'archive.deleted')
  expect(events).toMatchObject([{ actor: null, details: { archive: first[0] } }])

  await db.update(tables.tenants).set({ status: 'purging' })
  await deleteOldArchives(appWith(0))
  expect(await readdir(folder)).toEqual(['acme-20200101T000000Z-0123abcd.tar'])
  await db.update(tables.tenants).set({ status: 'active' })
})

function appWith(archiveRetention: number | undefined): App {
  return { ...world.app, config: { ...world.app.config, archiveDir: folder, archiveRetention } }
}

async function archive(name: 'acme' | 'globex'): Promise<string> {
  const { access: token } = await signInAs(world.console, world.console.admin)
  const { status, json } = await world.console.call(`${api}/tenants/${world[name].id}/exports/`, { token, body: {} })
  expect(status).toBe(202)
  const { state, result } = await finished(world.app, json.id)
  expect(state).toBe('done')
  return (result as { archive: string }).archive
}
