import { buildIfNeeded } from './build.ts'
import { installDatabaseTools, requireHaproxy } from './debian-packages.ts'
import { main, run } from './run.ts'

/** Runs the API tests, or those in the given folders and files, with two processes behind HAProxy and PgBouncer. */
await main(async () => {
  requireHaproxy()
  await buildIfNeeded()
  await installDatabaseTools()
  process.env.BALANCED = '1'
  process.exitCode = await run('vitest', 'run', '--project', 'api', ...process.argv.slice(2))
}, 130)
