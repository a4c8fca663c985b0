import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The account that runs PostgreSQL: a prefix for its command line, and the owner of its files (undefined: our own). */
export interface Account {
  prefix: string[]
  owner?: { uid: number; gid: number }
}

/**
 * PostgreSQL refuses to run as root, so root runs it as the system user `postgres`, which is created if missing.
 * @throws when the user cannot be created, or cannot be given access to the directories
 */
export async function postgresAccount(...directories: string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return { prefix: [] }

  const owner = (await findUser()) ?? (await createUser())
  const prefix = ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups']
  const blocked = await firstClosed(directories, owner.uid)
  return { owner, prefix: blocked ? [...prefix, ...(await passage(prefix, blocked))] : prefix }
}

async function findUser() {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async flag => Number((await run('id', [flag, 'postgres'])).stdout)),
    )
    return { uid: uid!, gid: gid! }
  } catch {
    return undefined
  }
}

async function createUser() {
  await run('groupadd', ['--system', '--force', 'postgres']).catch(() => {})
  const flags = ['--system', '--gid', 'postgres', '--no-create-home', '--shell', '/usr/sbin/nologin']
  await run('useradd', [...flags, 'postgres']).catch(() => {})
  const owner = await findUser()
  if (!owner)
    throw new Error(
      'PostgreSQL does not run as root, and a user `postgres` could not be created: start Tenantry as an ordinary user, or set DATABASE_URL.',
    )
  return owner
}

async function firstClosed(directories: string[], uid: number) {
  for (const directory of directories.flatMap(withParents)) {
    const info = await stat(directory)
    if (!(info.mode & 0o001) && info.uid !== uid) return directory
  }
}

function withParents(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [...withParents(parent), path]
}

/**
 * Gives access to a checkout below /root, which others cannot enter, by a capability. PostgreSQL checks its own
 * program file with access(2), which ignores capabilities of ordinary users unless the securebit no_setuid_fixup is
 * set.
 */
async function passage(prefix: string[], blocked: string) {
  for (const capability of ['+dac_read_search', '+dac_override']) {
    const flags = ['--securebits=+no_setuid_fixup', `--inh-caps=${capability}`, `--ambient-caps=${capability}`]
    if (await canRun([...prefix, ...flags, 'test', '-x', blocked])) return flags
  }
  throw new Error(
    `The user \`postgres\` may not enter ${blocked}: allow it (chmod o+x ${blocked}), start Tenantry as an ordinary user, or set DATABASE_URL.`,
  )
}

function canRun([command, ...args]: string[]): Promise<boolean> {
  return run(command!, args, { cwd: '/' }).then(
    () => true,
    () => false,
  )
}
