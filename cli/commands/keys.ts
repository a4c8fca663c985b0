import { defineCommand } from 'citty'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { KeyOwner } from '#server/domain/keys/rotation.ts'
import { listKeyOwners, readKeys, rotateKey } from '#server/domain/keys/rotation.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { notFound } from '#shared/errors.ts'
import { showProgress } from '../progress.ts'
import { UsageError, defineTask } from '../task.ts'

const subdomain = {
  type: 'positional',
  description: "The organisation's subdomain, or console",
  required: false,
} as const

const list = defineTask({
  name: 'list',
  description: 'List the keys that sign tokens, and how many live sessions hold a token of each',
  args: { subdomain: { ...subdomain, required: true } },
  async run({ app, args }) {
    const rows = await readKeys(app, await requireOwner(app, args.subdomain))
    return {
      json: rows,
      text: rows
        .map(row =>
          [row.kid, row.state.padEnd(8), `since ${row.activated_at.toISOString()}`, `${row.sessions} sessions`].join(
            '  ',
          ),
        )
        .join('\n'),
    }
  },
})

const rotate = defineTask({
  name: 'rotate',
  description: 'Make new signing keys, for one organisation or for all; nobody is signed out',
  args: { subdomain, all: { type: 'boolean', description: 'Every organisation, and the console' } },
  async run({ app, args }) {
    if ((args.subdomain === undefined) === !args.all) throw new UsageError('rotate takes a subdomain or --all')
    const owners = args.all ? await listKeyOwners(app) : [await requireOwner(app, args.subdomain!)]
    const onProgress = showProgress('Rotating')
    const rotated: { subdomain: string; kid: string; signs_from: Date }[] = []
    const failed: { subdomain: string; error: string }[] = []
    for (const [i, owner] of owners.entries()) {
      try {
        rotated.push({ subdomain: owner.subdomain, ...(await rotateKey(app, owner, fromSystem)) })
      } catch (error) {
        // With --all, one broken tenant does not stop the others.
        if (!args.all) throw error
        failed.push({ subdomain: owner.subdomain, error: messageOf(error) })
      }
      onProgress(i + 1, owners.length)
    }
    return {
      json: { rotated, failed },
      text: [
        `${rotated.length} rotated, ${failed.length} failed.`,
        ...failed.map(({ subdomain, error }) => `${subdomain}: ${error}`),
      ].join('\n'),
      failed: failed.length > 0,
    }
  },
})

export default defineCommand({
  meta: { name: 'keys', description: 'Keys that sign tokens' },
  subCommands: { list, rotate },
})

async function requireOwner(app: App, subdomain: string): Promise<KeyOwner & { subdomain: string }> {
  const owner = (await listKeyOwners(app)).find(owner => owner.subdomain === subdomain)
  if (!owner) throw notFound()
  return owner
}
