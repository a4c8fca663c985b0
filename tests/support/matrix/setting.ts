import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import sharp from 'sharp'
import { fromSystem } from '#server/domain/context.ts'
import { requestExport } from '#server/domain/archives/requests.ts'
import { finished } from '../data/archives.ts'
import type { Place, World } from '../world.ts'
import { forbid } from '../oracle.ts'
import { createWorld } from '../world.ts'
import { canary, fillWithCanaries } from './canaries.ts'
import { enter } from './people.ts'
import { addPlace } from './fresh.ts'

/** A world in which every route has something to answer with. */
export interface Setting {
  world: World
  /** A direct connection to the database. */
  sql: postgres.Sql
  siteHost: string
  /** An organisation that no caller belongs to. */
  annex: Place
  /** The token of an Admin of acme who stays. */
  keeper: string
  archiveDir: string
  /** The name of an archive of acme. */
  archive: string
  picture: Buffer
}

/** Behind a trusted proxy, so that each request has its own address and no limit applies. */
export async function createSetting(): Promise<Setting> {
  const archiveDir = await mkdtemp(join(tmpdir(), 'tenantry-matrix-'))
  const world = await createWorld({
    ARCHIVE_DIR: archiveDir,
    UPLOAD_DIR: join(archiveDir, 'uploads'),
    // Only the demo has mailboxes.
    DEMO: '1',
    SIGNUP: 'open',
    TRUSTED_PROXIES: '127.0.0.1',
    // A closed port, so that no name server is asked.
    DNS_SERVER: '127.0.0.1:9',
  })
  const sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {} })
  await fillWithCanaries(sql, world.globex)
  for (const place of [world.acme.host, world.acme.id, `localhost:${world.port}`]) forbid(place, [canary])
  await sql`update ${sql(world.acme.schema)}.settings set registration = 'open'`
  const exported = await finished(world.app, await requestExport(world.app, world.acme.id, fromSystem))
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
  return {
    world,
    sql,
    annex: await addPlace(world),
    keeper: (await enter(world, world.acme, 'Admin')).access,
    siteHost: `localhost:${world.port}`,
    archiveDir,
    archive: exported.result!.archive as string,
    picture,
  }
}
