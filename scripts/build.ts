import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { main, runQuietly } from './run.ts'

const stamp = '.output/.tenantry-sources'
const notBuilt = /^(?:\.ci|bench|cli|deploy|docs|scripts|tests)\/|^[^/]+\.md$/

if (import.meta.main) await main(build)

/** Builds `.output/`, unless it was built from the current sources. */
export async function buildIfNeeded(): Promise<void> {
  if ((await readFile(stamp, 'utf8').catch(() => '')) !== (await hashSources())) await build()
}

async function build() {
  console.log('Building (a minute or two, only when the sources change)…')
  const sources = await hashSources()
  await runQuietly('nuxt', 'build')
  await writeFile(stamp, sources)
}

async function hashSources() {
  const hash = createHash('sha256')
  for (const file of (await listFiles()).filter(file => !notBuilt.test(file)).sort()) {
    // Git still lists a file that was just deleted.
    const content = await readFile(file).catch(() => undefined)
    if (content) hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

async function listFiles() {
  try {
    const { stdout } = await promisify(execFile)(
      'git',
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
      { maxBuffer: 64_000_000 },
    )
    return stdout.split('\0').filter(Boolean)
  } catch {
    return listWithoutGit('.')
  }
}

async function listWithoutGit(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const wanted = entries.filter(({ name }) => name !== 'node_modules' && !/^\.(?:git|nuxt|output|data)$/.test(name))
  const lists = wanted.map(entry =>
    entry.isDirectory() ? listWithoutGit(join(directory, entry.name)) : [join(directory, entry.name)],
  )
  return (await Promise.all(lists)).flat()
}
