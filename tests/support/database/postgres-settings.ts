import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPostmaster } from '#server/database/embedded/pid-file.ts'

/** Gives the running PostgreSQL of a folder other settings, which it reads soon: such as take no restart. */
export async function changeSettings(home: string, settings: string[]): Promise<void> {
  await appendFile(join(home, 'postgres/postgresql.auto.conf'), `${settings.join('\n')}\n`)
  process.kill((await readPostmaster(home))!.pid, 'SIGHUP')
}
