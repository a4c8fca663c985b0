import { setTimeout as sleep } from 'node:timers/promises'
import { startEmbeddedDatabase } from '#server/database/embedded/embedded.ts'
import { loadDemoConfig, prepareDemo } from './demo.ts'
import { main, run } from './run.ts'

await main(async () => {
  const config = loadDemoConfig()
  const database = config.databaseUrl ? undefined : await startEmbeddedDatabase(config.dataDir)
  try {
    console.log(`\n${await prepareDemo(config)}\n`)
    process.exitCode = await run('nuxt', 'dev', ...process.argv.slice(2))
  } finally {
    // `nuxt dev` kills its server, which cannot release the database; PostgreSQL notices that a moment later.
    await sleep(200)
    await database?.release()
  }
})
