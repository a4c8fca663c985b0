/**
 * A process that holds the embedded database of argv[2] until its standard input ends. With `--remove` it is a database
 * of a test run: it is faster, and its folder is removed at the end.
 */
import { realpath, rm } from 'node:fs/promises'
import postgres from 'postgres'
import { createCluster } from '#server/database/embedded/cluster.ts'
import { startEmbeddedDatabase } from '#server/database/embedded/embedded.ts'
import { writeSettings } from './postgres-settings.ts'

// Data may be lost when the machine crashes; a crash of PostgreSQL alone loses nothing.
const fastSettings = [
  'fsync = off',
  'full_page_writes = off',
  'wal_level = minimal',
  'max_wal_senders = 0',
  'max_wal_size = 4GB',
  'checkpoint_timeout = 1h',
  'autovacuum_naptime = 10min',
  'jit = off',
]

const [home, remove] = process.argv.slice(2)
const isOfTests = remove === '--remove'
if (isOfTests) {
  const place = await realpath(home!)
  await createCluster(place)
  await writeSettings(place, fastSettings)
}
const database = await startEmbeddedDatabase(home!)
if (isOfTests) await speedSignIn(database.url)
process.stdout.write(`${database.url}\n`)
for await (const _ of process.stdin);
await database.release()
if (isOfTests) await rm(home!, { recursive: true, force: true })

/** Stores the password with one round of hashing, which every new connection repeats. */
async function speedSignIn(url: string): Promise<void> {
  const sql = postgres(url, { max: 1 })
  await sql.unsafe(`set scram_iterations = 1; alter role current_user password '${new URL(url).password}'`)
  await sql.end()
}
