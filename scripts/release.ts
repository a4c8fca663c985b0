import { chmod, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildIfNeeded } from './build.ts'
import { bundleCli } from './bundle-cli.ts'
import type { Lockfile } from './release/sbom.ts'
import { billOfMaterials } from './release/sbom.ts'
import { main, runQuietly } from './run.ts'

if (import.meta.main) {
  await main(async () => {
    await buildIfNeeded()
    const { version } = await readPackage()
    const name = `tenantry-${version}-${process.platform}-${process.arch}`
    const folder = join('release', name)
    await rm(folder, { recursive: true, force: true })
    await assemble(folder)
    await runQuietly('tar', '--create', '--gzip', `--file=release/${name}.tar.gz`, '--directory=release', name)
    console.log(`release/${name}.tar.gz`)
  })
}

/**
 * Puts together what runs with nothing but Node.js and a PostgreSQL: the built server, the command line, and the
 * migrations. The packages with native code are for this platform.
 * @param folder is created; it need not be writable afterwards
 */
export async function assemble(folder: string): Promise<void> {
  await mkdir(join(folder, 'bin'), { recursive: true })
  const copy = (from: string, to = from) => cp(from, join(folder, to), { recursive: true, verbatimSymlinks: true })
  await copy('.output/server', 'server')
  await copy('.output/public', 'public')
  // The command line needs them too.
  await rename(join(folder, 'server/node_modules'), join(folder, 'node_modules'))
  await copy('drizzle')
  await copy('scripts/release/README.md', 'README.md')
  for (const file of ['LICENSE', 'CHANGELOG.md', 'SECURITY.md', '.env.example', 'bench/results.md', 'docs', 'deploy'])
    await copy(file)
  const { version, license } = await readPackage()
  const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as Lockfile
  const bill = billOfMaterials({ name: 'tenantry', version, license }, lock)
  await writeFile(join(folder, 'sbom.cdx.json'), `${JSON.stringify(bill, null, 2)}\n`)
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: 'tenantry', version, license, private: true, type: 'module', engines: { node: '>=24' } }, null, 2)}\n`,
  )
  await bundleCli(join(folder, 'bin/tenantry.mjs'))
  await writeFile(
    join(folder, 'bin/tenantry'),
    '#!/bin/sh\nexec node "$(dirname "$(readlink -f "$0")")/tenantry.mjs" "$@"\n',
  )
  await chmod(join(folder, 'bin/tenantry'), 0o755)
}

async function readPackage(): Promise<{ version: string; license: string }> {
  return JSON.parse(await readFile('package.json', 'utf8')) as { version: string; license: string }
}
