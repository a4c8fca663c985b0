import { glob, readFile } from 'node:fs/promises'
import { buildIfNeeded } from './build.ts'
import { main, run } from './run.ts'

await main(async () => {
  await buildIfNeeded()
  process.env.TEST_VOLUME = 'long'
  const files = await filesWithVolume()
  process.exitCode = await run('vitest', 'run', '--project', 'api', '--project', 'soak', 'tests/soak', ...files)
}, 130)

/** The tests that make more rounds than `npm test` does. */
async function filesWithVolume(): Promise<string[]> {
  const files = await Array.fromAsync(glob('tests/api/**/*.test.ts'))
  const codes = await Promise.all(files.map(file => readFile(file, 'utf8')))
  return files.filter((_, i) => codes[i]!.includes("support/volume.ts'")).sort()
}
