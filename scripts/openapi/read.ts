import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Surface } from '#shared/types/surface.ts'
import { readRoutes } from '../../tests/support/routes.ts'
import { createDocument } from './document.ts'
import type { JsonSchema } from './schemas.ts'
import { createSharedSchemas, namesOf } from './schemas.ts'

/** The documents of all surfaces, made from the routes of the source tree. */
export async function readDocuments(): Promise<Record<Surface, JsonSchema>> {
  const routes = await readRoutes()
  const files = globSync('shared/answers/*.ts').sort()
  const modules = await Promise.all(files.map(file => import(resolve(file)) as Promise<Record<string, unknown>>))
  const named = namesOf(modules)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const make = (surface: Surface) => createDocument(surface, routes, createSharedSchemas(named), version)
  return { site: make('site'), portal: make('portal'), console: make('console') }
}
