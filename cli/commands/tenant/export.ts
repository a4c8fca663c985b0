import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { RunningApp } from '#server/create-app.ts'
import type { Lock } from '#server/domain/archives/encryption/age.ts'
import { encryptFile, findInvalidRecipients } from '#server/domain/archives/encryption/age.ts'
import { requestExport } from '#server/domain/archives/requests.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { Storage } from '#server/domain/storage/storage.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { runToEnd } from '../../run-operation.ts'
import { requirePassphrase } from '../../archive-key.ts'
import { defineTask, UsageError } from '../../task.ts'
import { subdomain } from './describe.ts'

export const exportTask = defineTask({
  name: 'export',
  description: 'Export an organisation to an archive file. The file contains password hashes: keep it safe',
  args: {
    subdomain,
    'output': { type: 'string', description: 'Path of the file (default: a file where the archives are)' },
    'recipient': {
      type: 'string',
      description: 'With --output: encrypt for these public keys of age, comma-separated',
    },
    'passphrase-stdin': {
      type: 'boolean',
      description: 'With --output: encrypt with a passphrase from standard input',
    },
  },
  async run({ app, migrations, args }) {
    const lock = await lockFrom(app, args)
    const tenant = await requireTenant(app, args.subdomain)
    const result = await runToEnd<{ archive: string; size: number }>(
      app,
      migrations,
      await requestExport(app, tenant.id, fromSystem, true),
    )
    const file =
      args.output === undefined
        ? app.files.archives.locate(result.archive)
        : await moveWhole(app.files.archives, result.archive, resolve(args.output), lock)
    return { json: { ...result, file }, text: `Exported ${tenant.name} to ${file} (${result.size} bytes).` }
  },
})

// Whole or not at all, on another disk too.
async function moveWhole(archives: Storage, archive: string, to: string, lock?: Lock): Promise<string> {
  const drafts = [`${to}.part`, `${to}.age.part`] as const
  const removeDrafts = () => Promise.all(drafts.map(draft => rm(draft, { force: true })))
  await removeDrafts()
  try {
    await archives.fetchTo(archive, drafts[0])
    if (lock) await encryptFile(...drafts, lock)
    await rename(drafts[lock ? 1 : 0], to)
  } finally {
    await removeDrafts()
  }
  await archives.remove(archive)
  return to
}

async function lockFrom(
  { config }: RunningApp,
  { output, recipient, ...args }: { 'output'?: string; 'recipient'?: string; 'passphrase-stdin'?: boolean },
): Promise<Lock | undefined> {
  if (recipient === undefined && !args['passphrase-stdin']) return undefined
  if (recipient !== undefined && args['passphrase-stdin'])
    throw new UsageError('Use either --recipient or --passphrase-stdin')
  if (output === undefined) throw new UsageError('--recipient and --passphrase-stdin require --output')
  if (config.archiveRecipients.length > 0) throw new UsageError('ARCHIVE_RECIPIENTS encrypts all archives already')
  if (recipient === undefined) return { passphrase: await requirePassphrase() }
  const recipients = recipient.split(',').map(key => key.trim())
  const [wrong] = await findInvalidRecipients(recipients)
  if (wrong !== undefined) throw new UsageError(`--recipient: ${wrong} is no public key of age`)
  return { recipients }
}
