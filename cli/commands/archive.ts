import { resolve } from 'node:path'
import { defineCommand } from 'citty'
import type { RunningApp } from '#server/create-app.ts'
import type { Drill } from '#server/domain/archives/drill/drill.ts'
import { drillArchive } from '#server/domain/archives/drill/drill.ts'
import type { OpenArchive } from '#server/domain/archives/reader.ts'
import { listArchives, openArchiveFile, requireArchive, requireWelcome } from '#server/domain/archives/store.ts'
import { counted } from '#server/domain/lib/counted.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { keyArgs, withKey } from '../archive-key.ts'
import { showSteps } from '../progress.ts'
import { reportOn } from '../report-on.ts'
import { linesOf } from '../table.ts'
import { defineTask, UsageError } from '../task.ts'

const drill = defineTask({
  name: 'drill',
  description: 'Restore an archive into a throw-away schema, and compare it with the archive and with the organisation',
  args: {
    archive: {
      type: 'positional',
      description: 'Subdomain (its newest archive), an archive name from "tenant archives", or a file',
      required: true,
    },
    live: { type: 'string', description: 'Subdomain of the organisation to compare with, too' },
    foreign: { type: 'boolean', description: 'Accept an archive from another installation' },
    ...keyArgs,
  },
  async run({ app: locked, migrations, args }) {
    const app = await withKey(locked, args)
    const tenant = args.live === undefined ? undefined : await requireTenant(app, args.live)
    const { name, archive } = await findArchive(app, args.archive)
    try {
      requireWelcome(archive, args.foreign ?? false)
      const report = reportOn(app, showSteps())
      const result = await drillArchive(app, archive, migrations.tenant, report, tenant)
      const { created } = archive.manifest
      return {
        json: { archive: name, created, ...result },
        text: `${textOf(result)}\n${result.passed ? 'ok  ' : 'FAIL'}  ${name} of ${created}`,
        failed: !result.passed,
      }
    } finally {
      await archive.close()
    }
  },
})

async function findArchive(app: RunningApp, given: string): Promise<{ name: string; archive: OpenArchive }> {
  const archives = await listArchives(app)
  const found =
    archives.find(({ name }) => name === given) ?? archives.find(({ tenant }) => tenant?.subdomain === given)
  if (found) return { name: found.name, archive: await requireArchive(app, found.name) }
  if (!given.includes('.') && !given.includes('/')) throw new UsageError(`There is no archive of ${given}`)
  return { name: given, archive: await openArchiveFile(app, resolve(given)) }
}

function textOf({ tables, images, missing }: Drill): string {
  const rows = linesOf(
    tables,
    ({ name, rows, matches, live }) => [
      matches ? 'ok  ' : 'FAIL',
      name,
      counted(rows, 'row'),
      ...(live
        ? [`now ${live.added} added, ${live.changed} changed, ${live.removed} removed, ${live.unexplained} unexplained`]
        : []),
    ],
    'No tables.',
  )
  return `${rows}\n${counted(images, 'image')}; missing when the archive was made: ${missing}.`
}

export default defineCommand({
  meta: { name: 'archive', description: 'Check archives' },
  subCommands: { drill },
})
