import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedDatabase } from '../../server/database/embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
  }
}

/** One PostgreSQL for a whole run; every test file makes a database of its own in it. */
export default async function setup(project: TestProject) {
  const home = await mkdtemp(join(tmpdir(), 'tenantry-database-'))
  const database = await startEmbeddedDatabase(home)
  project.provide('databaseUrl', database.url)
  return async () => {
    await database.release()
    await rm(home, { recursive: true, force: true })
  }
}
