import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { access, chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { postgresAccount, type Account } from './account.ts'
import { binariesDir } from './binaries.ts'
import { createPassword } from './password.ts'

/**
 * Creates the cluster in `<home>/postgres` unless it exists. It is created under another name, with role and
 * database, and then renamed, so that an existing cluster is always complete.
 */
export async function createCluster(home: string): Promise<void> {
  const place = join(home, 'postgres')
  if (await exists(join(place, 'global/pg_control'))) return

  await removeInterrupted(home)
  const draft = join(home, `postgres.init-${randomUUID()}`)
  const binaries = binariesDir()
  const account = await postgresAccount(binaries, home)
  await mkdir(draft, { mode: 0o700 })
  if (account.owner) await chown(draft, account.owner.uid, account.owner.gid)

  await initdb(account, binaries, draft)
  await createDatabase(account, binaries, draft, await createPassword(home))
  await rename(draft, place)
}

async function exists(path: string) {
  try {
    await access(path)
    return true
  } catch (error) {
    // Other errors, such as EACCES, do not mean that the cluster is missing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

async function removeInterrupted(home: string) {
  for (const name of await readdir(home)) {
    if (name.startsWith('postgres.init-')) await rm(join(home, name), { recursive: true, force: true })
    // Without pg_control it is not a cluster, but its files may belong to somebody, so they are kept.
    if (name === 'postgres') await rename(join(home, name), join(home, `postgres.incomplete-${Date.now()}`))
  }
}

const initdbOptions = [
  '--username=postgres',
  '--auth=reject',
  '--no-instructions',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--locale=C',
  '--builtin-locale=C.UTF-8',
  '--set=timezone=UTC',
  '--set=log_timezone=UTC',
]

async function initdb(account: Account, binaries: string, directory: string) {
  await runProgram(account, join(binaries, 'initdb'), [`--pgdata=${directory}`, ...initdbOptions])
  // No sign-in as the superuser.
  await writeFile(join(directory, 'pg_hba.conf'), 'host all tenantry 127.0.0.1/32 scram-sha-256\n')
}

/** The role is no superuser, so that what works here also works on a managed PostgreSQL. */
async function createDatabase(account: Account, binaries: string, directory: string, password: string) {
  await runProgram(
    account,
    join(binaries, 'postgres'),
    ['--single', '-D', directory, 'postgres'],
    [`create role tenantry login createdb password '${password}'`, 'create database tenantry owner tenantry', ''].join(
      '\n',
    ),
  )
}

async function runProgram(account: Account, program: string, args: string[], input = '') {
  const [command, ...rest] = [...account.prefix, program, ...args]
  const child = spawn(command!, rest, { cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C' } })
  child.stdin.on('error', () => {}).end(input)
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | string | null>((resolve, reject) =>
      child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal)),
    ),
  ]).catch((error: Error) => {
    throw new Error(`${program} does not run here (${error.message}): set DATABASE_URL to a PostgreSQL of your own.`)
  })
  if (code !== 0 || /\b(ERROR|FATAL):/.test(errors)) throw new Error(`${program} failed (${code}): ${errors || output}`)
}
