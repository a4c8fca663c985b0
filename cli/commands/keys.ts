import { defineCommand } from 'citty'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { KeyOwner } from '#server/domain/keys/rotate.ts'
import { listKeyOwners, readKeys, rotateKey } from '#server/domain/keys/rotate.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { counted } from '#server/domain/lib/counted.ts'
import { notFound } from '#shared/errors.ts'
import { showProgress } from '../progress.ts'
import { linesOf } from '../table.ts'
import { UsageError, defineTask } from '../task.ts'

const subdomain = {
  type: 'positional',
  description: "The organisation's subdomain, or console",
  required: false,
} as const

const list = defineTask({
  name: 'list',
  description: 'List signing keys with the number of active sessions of each',
  args: { subdomain: { ...subdomain, required: true } },
  onlyLooks: true,
  async run({ app, args }) {
    const rows = await readKeys(app, await requireOwner(app, args.subdomain))
    return { json: rows, text: linesOf(rows, cellsOf, '') }
  },
})

const rotate = defineTask({
  name: 'rotate',
  description: 'Rotate the signing keys of one organisation or all. Nobody is signed out',
  args: { subdomain, all: { type: 'boolean', description: 'All organisations and the console' } },
  async run({ app, args }) {
    if ((args.subdomain === undefined) === !args.all) throw new UsageError('Use either a subdomain or --all')
    const owners = args.all ? await listKeyOwners(app) : [await requireOwner(app, args.subdomain!)]
    const { rotated, failed } = await rotateEach(app, owners, args.all === true)
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
  meta: { name: 'keys', description: 'Manage signing keys' },
  subCommands: { list, rotate },
})

type Key = Awaited<ReturnType<typeof readKeys>>[number]

function cellsOf({ kid, state, activated_at, sessions }: Key): string[] {
  return [kid, state.padEnd(8), `since ${activated_at.toISOString()}`, counted(sessions, 'session')]
}

type NamedOwner = KeyOwner & { subdomain: string }

/** @param goesOn whether one that fails does not stop the others */
async function rotateEach(app: App, owners: NamedOwner[], goesOn: boolean) {
  const onProgress = showProgress('Rotating')
  const rotated: { subdomain: string; kid: string; signs_from: Date }[] = []
  const failed: { subdomain: string; error: string }[] = []
  for (const [i, owner] of owners.entries()) {
    try {
      rotated.push({ subdomain: owner.subdomain, ...(await rotateKey(app, owner, fromSystem)) })
    } catch (error) {
      if (!goesOn) throw error
      failed.push({ subdomain: owner.subdomain, error: messageOf(error) })
    }
    onProgress(i + 1, owners.length)
  }
  return { rotated, failed }
}

async function requireOwner(app: App, subdomain: string): Promise<NamedOwner> {
  const owner = (await listKeyOwners(app)).find(owner => owner.subdomain === subdomain)
  if (!owner) throw notFound()
  return owner
}
