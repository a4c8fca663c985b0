import type { RunningApp } from '#server/create-app.ts'
import { listArchives, requireArchive } from '#server/domain/archives/store.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import type { Archive } from '#shared/answers/operations.ts'
import { linesOf } from '../../table.ts'
import { defineTask } from '../../task.ts'
import { subdomain } from './describe.ts'

export const archives = defineTask({
  name: 'archives',
  description: 'List archives; --verify checks their contents',
  args: {
    subdomain: { ...subdomain, required: false },
    verify: { type: 'boolean', description: 'Check the contents and report damaged archives' },
  },
  async run({ app, args }) {
    const tenant = args.subdomain === undefined ? undefined : await requireTenant(app, args.subdomain)
    const found = await listArchives(app, tenant?.id)
    if (args.verify) for (const archive of found) archive.problem ??= await faultOf(app, archive)
    return {
      json: found,
      text: linesOf(found, cellsOf, 'No archives yet.'),
      failed: found.some(({ problem }) => problem !== null),
    }
  },
})

function cellsOf({ name, size, people, ours, problem }: Archive): string[] {
  const known = [name, `${size} bytes`, `${people ?? '?'} people`]
  return [...known, ...(ours ? [] : ['another SECRET']), ...(problem ? [problem] : [])]
}

async function faultOf(app: RunningApp, { name }: Archive): Promise<string | null> {
  const archive = await requireArchive(app, name)
  try {
    await archive.verify(() => {})
    return null
  } catch (error) {
    return messageOf(error)
  } finally {
    await archive.close()
  }
}
