import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { endWithParent } from '../../../scripts/bootstrap.mjs'
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
 * own database in it.
 */
export default async function setup(project: TestProject) {
  endWithParent()
  const home = await mkdtemp(join(tmpdir(), 'tenantry-database-'))
  const { url, release } = await holdDatabase(home)
  project.provide('databaseUrl', url)
  project.provide('templates', await createTemplates(url))
  return release
}
