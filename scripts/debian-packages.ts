import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { Failure, runQuietly } from './run.ts'

/**
 * Installs Debian's Chromium for the end-to-end tests, as the headless shell: it needs a quarter less time than the
 * whole browser, which serves as well.
 * @throws when there is neither, and it cannot be installed
 */
export async function installChromium(): Promise<void> {
  if (existsSync('/usr/bin/chromium-headless-shell')) return
  const hasBrowser = existsSync('/usr/bin/chromium')
  if (canInstall())
    return install('chromium-headless-shell').catch((error: unknown) => {
      if (!hasBrowser) throw error
    })
  if (!hasBrowser)
    throw new Failure('The end-to-end tests need Chromium. On Debian: sudo apt-get install chromium-headless-shell')
}

/** Installs PgBouncer and PostgreSQL 15, against which some API tests run; without them these tests are skipped. */
export async function installDatabaseTools(): Promise<void> {
  const missing = Object.entries({
    'pgbouncer': '/usr/sbin/pgbouncer',
    'postgresql-15': '/usr/lib/postgresql/15/bin/postgres',
  }).flatMap(([name, file]) => (existsSync(file) ? [] : name))
  if (missing.length === 0) return
  if (!canInstall())
    return console.log(
      `Some tests are skipped. For all of them, on Debian 12: sudo apt-get install ${missing.join(' ')}`,
    )
  // The package would create and start a cluster of its own.
  const settings = '/etc/postgresql-common'
  mkdirSync(settings, { recursive: true })
  if (!existsSync(`${settings}/createcluster.conf`))
    writeFileSync(`${settings}/createcluster.conf`, 'create_main_cluster = false\n')
  await install(...missing)
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
}

async function install(...packages: string[]): Promise<void> {
  console.log(`Installing ${packages.join(' and ')} (once)…`)
  process.env.DEBIAN_FRONTEND = 'noninteractive'
  await runQuietly('apt-get', 'update')
  await runQuietly('apt-get', 'install', '--yes', '--no-install-recommends', ...packages)
}
