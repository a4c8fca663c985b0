import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPostmaster } from '#server/database/embedded/pid-file.ts'

/** Writes settings that PostgreSQL reads when it starts. */
export async function writeSettings(home: string, settings: string[]): Promise<void> {
  await appendFile(join(home, 'postgres/postgresql.auto.conf'), `${settings.join('\n')}\n`)
}

/** Changes settings of a running PostgreSQL that need no restart; it reads them soon. */
export async function changeSettings(home: string, settings: string[]): Promise<void> {
  await writeSettings(home, settings)
  process.kill((await readPostmaster(home))!.pid, 'SIGHUP')
}
