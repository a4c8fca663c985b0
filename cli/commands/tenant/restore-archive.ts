import { resolve } from 'node:path'
import type { RunningApp } from '#server/create-app.ts'
import { requestNewFromArchive, requestRestoration } from '#server/domain/archives/requests.ts'
import { adoptArchive, archivePath, listArchives } from '#server/domain/archives/store.ts'
import { fromSystem } from '#server/domain/context.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { newFromArchiveSchema } from '#shared/schemas/archive.ts'
import { validate } from '#shared/schemas/validate.ts'
import { runToEnd } from '../../run-operation.ts'
import { defineTask, UsageError } from '../../task.ts'

export const restoreArchive = defineTask({
  name: 'restore-archive',
  description: 'Restore an archive, as an organisation of its own or in the place of what one has',
  args: {
    'file': {
      type: 'positional',
      description: 'The archive: a file, or a name that "tenant archives" shows',
      required: true,
    },
    'as': { type: 'string', description: 'Subdomain of the organisation to be made' },
    'name': { type: 'string', description: 'Its name' },
    'in-place': { type: 'string', description: 'Subdomain of the organisation whose data is replaced' },
    'yes': { type: 'boolean', description: 'Needed with --in-place' },
    'keep': { type: 'boolean', description: 'Archive first what is there; --no-keep: lose it', default: true },
    'foreign': { type: 'boolean', description: 'Accept an archive of another installation' },
  },
  async run({ app, migrations, args }) {
    const { as, name, foreign = false } = args
    const inPlace = args['in-place']
    if ((as === undefined) === (inPlace === undefined)) throw new UsageError('Say either --as or --in-place')
    if (as !== undefined && name === undefined) throw new UsageError('--as needs --name too')
    if (inPlace !== undefined && !args.yes)
      throw new UsageError('--in-place replaces all that the organisation has: say --yes too')
    const place = as === undefined ? undefined : validate(newFromArchiveSchema, { name, subdomain: as, foreign })
    const tenant = inPlace === undefined ? undefined : await requireTenant(app, inPlace)
    const archive = await findArchive(app, args.file, foreign)
    if (place) {
      const result = await runToEnd<{ tenant: string; subdomain: string; url: string }>(
        app,
        migrations,
        await requestNewFromArchive(app, { archive, ...place }, fromSystem, true),
      )
      return { json: { archive, ...result }, text: `${place.name} is ready at ${result.url}.` }
    }
    const result = await runToEnd<{ kept: string | null }>(
      app,
      migrations,
      await requestRestoration(app, tenant!.id, { archive, foreign, keep: args.keep }, fromSystem, true),
    )
    return {
      json: { archive, ...result },
      text: `${tenant!.name} has been restored.${result.kept ? `\nWhat it had is in ${archivePath(app, result.kept)}.` : ''}`,
    }
  },
})

async function findArchive(app: RunningApp, file: string, foreign: boolean): Promise<string> {
  const known = (await listArchives(app)).some(({ name }) => name === file)
  return known ? file : adoptArchive(app, resolve(file), foreign)
}
