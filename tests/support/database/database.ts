import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { endWithParent } from '../../../scripts/bootstrap.mjs'
import { citusUrl, prepareCitus } from '../citus/databases.ts'
import { holdDatabase } from './held-database.ts'
import type { Templates } from './templates.ts'
import { createTemplates } from './templates.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
    templates: Templates
  }
}

/**
 * Starts one PostgreSQL for a whole test run. It ends with the process that started it; every test file creates its
 * own database in it. With `CITUS_URL`, they create them there.
 */
export default async function setup(project: TestProject) {
  endWithParent()
  const { url, release } = citusUrl ? { url: await prepareCitus(citusUrl), release: undefined } : await startDatabase()
  project.provide('databaseUrl', url)
  project.provide('templates', await createTemplates(url))
  return release
}

async function startDatabase() {
  return holdDatabase(await mkdtemp(join(tmpdir(), 'tenantry-database-')))
}
