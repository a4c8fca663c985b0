import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { changeSettings } from './postgres-settings.ts'

/**
 * Starts the embedded database in a folder, held by a process of its own: when this one ends, however that is, it stops
 * PostgreSQL and removes the folder. It is in a group of its own, as Ctrl-C would end it before it has done so.
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
  // What is lost when the machine goes is no loss; a crash of PostgreSQL alone loses nothing.
  await changeSettings(home, ['fsync = off', 'full_page_writes = off'])
  return {
    url,
    pid: holder.pid!,
    async release() {
      holder.stdin.end()
      await exited
    },
  }
}
