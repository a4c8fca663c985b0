import { copyFile, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { requestExport } from '#server/domain/archives/requests.ts'
import { archivePath } from '#server/domain/archives/store.ts'
import { fromSystem } from '#server/domain/context.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { runToEnd } from '../../run-operation.ts'
import { defineTask } from '../../task.ts'
import { subdomain } from './describe.ts'

export const exportTask = defineTask({
  name: 'export',
  description: 'Export an organisation to an archive file. The file contains password hashes: keep it safe',
  args: { subdomain, output: { type: 'string', description: 'Path of the file (default: a file in ARCHIVE_DIR)' } },
  async run({ app, migrations, args }) {
    const tenant = await requireTenant(app, args.subdomain)
    const result = await runToEnd<{ archive: string; size: number }>(
      app,
      migrations,
      await requestExport(app, tenant.id, fromSystem, true),
    )
    const file =
      args.output === undefined
        ? archivePath(app, result.archive)
        : await moveWhole(archivePath(app, result.archive), resolve(args.output))
    return { json: { ...result, file }, text: `Exported ${tenant.name} to ${file} (${result.size} bytes).` }
  },
})

// Whole or not at all, on another disk too.
async function moveWhole(from: string, to: string): Promise<string> {
  const draft = `${to}.part`
  await copyFile(from, draft)
  await rename(draft, to)
  await rm(from)
  return to
}
