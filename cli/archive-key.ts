import { readFile } from 'node:fs/promises'
import type { ArgsDef } from 'citty'
import type { RunningApp } from '#server/create-app.ts'
import { readPassword, UsageError } from './task.ts'

/** The options of a command that reads archives, which may be encrypted. */
export const keyArgs = {
  'identity-file': { type: 'string', description: 'File with private keys of age, for an encrypted archive' },
  'passphrase-stdin': {
    type: 'boolean',
    description: 'Read the passphrase of an encrypted archive from standard input',
  },
} as const satisfies ArgsDef

/** @returns the app that can read archives that the given key decrypts */
export async function withKey(
  app: RunningApp,
  args: { 'identity-file'?: string; 'passphrase-stdin'?: boolean },
): Promise<RunningApp> {
  const file = args['identity-file']
  if (file !== undefined && args['passphrase-stdin'])
    throw new UsageError('Use either --identity-file or --passphrase-stdin')
  if (file !== undefined) return { ...app, archiveKey: { identities: await readIdentities(file) } }
  return args['passphrase-stdin'] ? { ...app, archiveKey: { passphrase: await requirePassphrase() } } : app
}

/** @throws UsageError when it is empty */
export async function requirePassphrase(): Promise<string> {
  const passphrase = await readPassword()
  if (!passphrase) throw new UsageError('The passphrase on standard input is empty')
  return passphrase
}

/** The lines of a file as `age-keygen` writes it. */
async function readIdentities(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`--identity-file: cannot read ${file}`)
  })
  const keys = text.split(/\r?\n/).filter(line => line.startsWith('AGE-SECRET-KEY-'))
  if (keys.length === 0) throw new UsageError(`--identity-file: ${file} has no private key of age`)
  return keys
}
