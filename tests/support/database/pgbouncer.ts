import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../process/server.ts'

const program = '/usr/sbin/pgbouncer'

/** Debian's package, if it is installed; `npm test` installs it if it may. */
export const hasPgBouncer = existsSync(program)

/**
 * Starts a PgBouncer in front of a database; it ends with this process.
 * @param settings of its configuration file, besides its place
 * @returns the URL through it
 */
export async function startPgBouncer(
  url: string,
  settings: Record<string, string | number>,
): Promise<{ url: string; stop(): Promise<void> }> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const listenPort = await freePort()
  const home = await mkdtemp(join(tmpdir(), 'tenantry-pgbouncer-'))
  const file = join(home, 'pgbouncer.ini')
  const all = { listen_addr: '127.0.0.1', listen_port: listenPort, unix_socket_dir: '', auth_type: 'any', ...settings }
  await writeFile(
    file,
    [
      '[databases]',
      `${pathname.slice(1)} = host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}`,
      '[pgbouncer]',
      ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
    ].join('\n'),
  )
  await Promise.all([chmod(home, 0o755), chmod(file, 0o644)])
  // It does not run as root.
  const child = spawn(
    process.execPath,
    [
      'tests/support/process/run-with-parent.ts',
      program,
      ...(process.getuid?.() === 0 ? ['--user', 'nobody'] : []),
      file,
    ],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  )
  const exited = once(child, 'exit')
  await Promise.race([opens(listenPort), exited.then(() => Promise.reject(new Error('PgBouncer has ended.')))])
  const through = new URL(url)
  through.host = `127.0.0.1:${listenPort}`
  return {
    url: through.href,
    async stop() {
      child.kill()
      await exited
      await rm(home, { recursive: true })
    },
  }
}

async function opens(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await sleep(20)
  }
}
