import type { RunningApp } from '#server/create-app.ts'
import { listArchives, requireArchive } from '#server/domain/archives/store.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import type { Archive } from '#shared/answers/operations.ts'
import { linesOf } from '../../table.ts'
import { keyArgs, withKey } from '../../archive-key.ts'
import { defineTask } from '../../task.ts'
import { subdomain } from './describe.ts'

export const archives = defineTask({
  name: 'archives',
  description: 'List archives; --verify checks their contents',
  args: {
    subdomain: { ...subdomain, required: false },
    verify: { type: 'boolean', description: 'Check the contents and report damaged archives' },
    ...keyArgs,
  },
  onlyLooks: true,
  async run({ app: locked, args }) {
    const app = await withKey(locked, args)
    const tenant = args.subdomain === undefined ? undefined : await requireTenant(app, args.subdomain)
    const found = await listArchives(app, tenant?.id)
    const readable = found.filter(({ encrypted }) => !encrypted || app.archiveKey)
    if (args.verify) for (const archive of readable) archive.problem ??= await faultOf(app, archive)
    return {
      json: found,
      text: linesOf(found, cellsOf, 'No archives yet.'),
      failed: found.some(({ problem }) => problem !== null),
    }
  },
})

function cellsOf({ name, size, people, ours, encrypted, problem }: Archive): string[] {
  const known = [name, `${size} bytes`, people === 1 ? '1 person' : `${people ?? '?'} people`]
  return [
    ...known,
    ...(encrypted ? ['encrypted'] : []),
    ...(ours ? [] : ['another SECRET']),
    ...(problem ? [problem] : []),
  ]
}

async function faultOf(app: RunningApp, { name }: Archive): Promise<string | null> {
  try {
    const archive = await requireArchive(app, name)
    await archive.verify(() => {}).finally(() => archive.close())
    return null
  } catch (error) {
    return messageOf(error)
  }
}
