import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Creates the password of the role `tenantry` if there is none, and returns it. */
export async function createPassword(home: string): Promise<string> {
  const existing = await readPassword(home)
  if (existing) return existing

  const password = randomBytes(24).toString('base64url')
  const draft = `${passwordFile(home)}.new`
  await writeFile(draft, `${password}\n`, { mode: 0o600 })
  await rename(draft, passwordFile(home))
  return password
}

/** The connection string of the database `tenantry` on a port. */
export async function databaseUrl(home: string, port: number): Promise<string> {
  const password = await readPassword(home)
  if (!password) {
    throw new Error(
      `${passwordFile(home)} is missing: put it back, or remove ${join(home, 'postgres')} to start with an empty database.`,
    )
  }
  return `postgres://tenantry:${password}@127.0.0.1:${port}/tenantry`
}

async function readPassword(home: string) {
  try {
    return (await readFile(passwordFile(home), 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const passwordFile = (home: string) => join(home, 'postgres.password')
