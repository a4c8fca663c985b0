import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * Starts the embedded database in a folder, held by another process. When this process ends, in any way, the holder
 * stops PostgreSQL and removes the folder. The holder is in its own process group, so that Ctrl-C does not end it
 * before.
 */
export async function holdDatabase(home: string): Promise<{ url: string; pid: number; release(): Promise<void> }> {
  const holder = spawn(process.execPath, ['tests/support/database/database-holder.ts', home, '--remove'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = once(holder, 'exit')
  const failed = exited.then(([code]) => Promise.reject(new Error(`No database: its holder ended with ${code}.`)))
  failed.catch(() => {})
  const [url] = (await Promise.race([once(createInterface(holder.stdout), 'line'), failed])) as [string]
  return {
    url,
    pid: holder.pid!,
    async release() {
      holder.stdin.end()
      await exited
    },
  }
}
