import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startListening } from '../process/listening-program.ts'
import { freePort } from '../process/server.ts'

const program = '/usr/sbin/pgbouncer'

/** Debian's package, if it is installed; `npm test` installs it if it may. */
export const hasPgBouncer = existsSync(program)

/**
 * Starts a PgBouncer in front of a database; it ends with this process.
 * @param settings of its configuration file, besides its place
 * @param ofDatabase more settings of the database
 * @returns the URL through it
 */
export async function startPgBouncer(
  url: string,
  settings: Record<string, string | number>,
  ofDatabase = '',
): Promise<{ url: string; stop(): Promise<void> }> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const listenPort = await freePort()
  const home = await mkdtemp(join(tmpdir(), 'tenantry-pgbouncer-'))
  const file = join(home, 'pgbouncer.ini')
  const all = { listen_addr: '127.0.0.1', listen_port: listenPort, unix_socket_dir: '', auth_type: 'any', ...settings }
  const account = `user=${username}${password && ` password=${decodeURIComponent(password)}`}`
  await writeFile(
    file,
    [
      '[databases]',
      `${pathname.slice(1)} = host=${hostname} port=${port} ${account} ${ofDatabase}`,
      '[pgbouncer]',
      ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
    ].join('\n'),
  )
  await Promise.all([chmod(home, 0o755), chmod(file, 0o644)])
  // It does not run as root.
  const user = process.getuid?.() === 0 ? ['--user', 'nobody'] : []
  const stop = await startListening(program, [...user, file], listenPort)
  const through = new URL(url)
  through.host = `127.0.0.1:${listenPort}`
  return {
    url: through.href,
    async stop() {
      await stop()
      await rm(home, { recursive: true })
    },
  }
}
