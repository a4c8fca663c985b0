import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '#server/config.ts'
import { loadConfig } from '#server/config.ts'
import { ConfigError } from '#server/config/error.ts'
import { Failure, runQuietly } from './run.ts'

interface Account {
  surface: 'portal' | 'console'
  url: string
  email: string
  password: string
  role?: string
  organisation?: string
}

/** The configuration of a demo. It is also set in the environment, for the processes that we start. */
export function loadDemoConfig(): Config {
  process.env.DEMO = '1'
  try {
    return loadConfig(process.env)
  } catch (error) {
    throw error instanceof ConfigError ? new Failure(error.message) : error
  }
}

/** Migrates the database and creates the demo data if they are missing; returns the list of addresses and sign-ins. */
export async function prepareDemo({ databaseUrl, dataDir, originOf, baseDomain }: Config): Promise<string> {
  const isNew = !databaseUrl && !existsSync(join(dataDir, 'postgres'))
  console.log(isNew ? 'Creating the database and the demo…' : 'Preparing the database…')
  await tenantry('migrate')
  const { accounts } = JSON.parse(await tenantry('seed', 'demo', '--json')) as { accounts: Account[] }
  return describe(originOf(baseDomain), accounts)
}

function tenantry(...args: string[]) {
  return runQuietly(process.execPath, 'cli/tenantry.ts', ...args)
}

function describe(site: string, accounts: Account[]) {
  const rows = accounts.map(({ surface, organisation, role, url, email, password }) => [
    surface === 'console' ? "Operators' console" : `${organisation}, ${role}`,
    url,
    email,
    password,
  ])
  const table = [['', 'address', 'e-mail', 'password'], ['Site', site, '', ''], ...rows]
  const widths = [0, 1, 2, 3].map(column => Math.max(...table.map(row => row[column]!.length)))
  return table
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
