import { resolve } from 'node:path'
import type { z } from 'zod'
import type { RunningApp } from '#server/create-app.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { requestNewFromArchive, requestRestoration } from '#server/domain/archives/requests.ts'
import { adoptArchive } from '#server/domain/archives/adopt.ts'
import { listArchives } from '#server/domain/archives/store.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { newFromArchiveSchema } from '#shared/schemas/archives.ts'
import { validate } from '#shared/schemas/validate.ts'
import { runToEnd } from '../../run-operation.ts'
import { keyArgs, withKey } from '../../archive-key.ts'
import type { Report } from '../../task.ts'
import { defineTask, UsageError } from '../../task.ts'

export const restoreArchive = defineTask({
  name: 'restore-archive',
  description: 'Restore an archive as a new organisation, or replace the data of an existing one',
  args: {
    'file': {
      type: 'positional',
      description: 'Archive file, or an archive name from "tenant archives"',
      required: true,
    },
    'as': { type: 'string', description: 'Subdomain of the new organisation' },
    'name': { type: 'string', description: 'Name of the new organisation' },
    'in-place': { type: 'string', description: 'Subdomain of the organisation whose data to replace' },
    'yes': { type: 'boolean', description: 'Confirm; required with --in-place' },
    'keep': { type: 'boolean', description: 'Archive the current data first; --no-keep discards it', default: true },
    'foreign': { type: 'boolean', description: 'Accept an archive from another installation' },
    ...keyArgs,
  },
  async run({ app: locked, migrations, args }) {
    const { as, name, foreign = false } = args
    const inPlace = args['in-place']
    if ((as === undefined) === (inPlace === undefined)) throw new UsageError('Use either --as or --in-place')
    if (as !== undefined && name === undefined) throw new UsageError('--as requires --name')
    if (inPlace !== undefined && !args.yes)
      throw new UsageError('--in-place replaces all data of the organisation. Use --yes to confirm')
    const app = await withKey(locked, args)
    const place = as === undefined ? undefined : validate(newFromArchiveSchema, { name, subdomain: as, foreign })
    const tenant = inPlace === undefined ? undefined : await requireTenant(app, inPlace)
    const archive = await findArchive(app, args.file, foreign)
    return place
      ? makeNew(app, migrations, archive, place)
      : restore(app, migrations, tenant!, { archive, foreign, keep: args.keep })
  },
})

async function makeNew(
  app: RunningApp,
  migrations: MigrationSets,
  archive: string,
  place: z.output<typeof newFromArchiveSchema>,
): Promise<Report> {
  const id = await requestNewFromArchive(app, { archive, ...place }, fromSystem, true)
  const result = await runToEnd<{ tenant: string; subdomain: string; url: string }>(app, migrations, id)
  return { json: { archive, ...result }, text: `${place.name} is ready at ${result.url}.` }
}

async function restore(
  app: RunningApp,
  migrations: MigrationSets,
  { id: tenant, name }: TenantRow,
  what: Parameters<typeof requestRestoration>[2],
): Promise<Report> {
  const id = await requestRestoration(app, tenant, what, fromSystem, true)
  const result = await runToEnd<{ kept: string | null }>(app, migrations, id)
  const kept = result.kept ? `\nIts previous data is in ${app.files.archives.locate(result.kept)}.` : ''
  return { json: { archive: what.archive, ...result }, text: `${name} has been restored.${kept}` }
}

async function findArchive(app: RunningApp, file: string, foreign: boolean): Promise<string> {
  const known = (await listArchives(app)).some(({ name }) => name === file)
  return known ? file : adoptArchive(app, resolve(file), foreign)
}
