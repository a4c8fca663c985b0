/** A process that holds the embedded database of argv[2] until its standard input ends. */
import { startEmbeddedDatabase } from '../../server/database/embedded.ts'

const database = await startEmbeddedDatabase(process.argv[2]!)
process.stdout.write(`${database.url}\n`)
for await (const _ of process.stdin);
await database.release()
