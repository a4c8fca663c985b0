/**
 * A process that holds the embedded database of argv[2] until its standard input ends, and then removes its folder if
 * told to.
 */
import { rm } from 'node:fs/promises'
import { startEmbeddedDatabase } from '#server/database/embedded/embedded.ts'

const [home, remove] = process.argv.slice(2)
const database = await startEmbeddedDatabase(home!)
process.stdout.write(`${database.url}\n`)
for await (const _ of process.stdin);
await database.release()
if (remove === '--remove') await rm(home!, { recursive: true, force: true })
