/**
 * `npm run bench [name …]`: the server as its users meet it, by hand, on a quiet machine. bench/results.md says what is
 * measured and how.
 *
 * Names: `cold start`, `users/me`, `staff list`, `refresh`, `staff page`, `sign-in`; these are measured by default.
 * Only when named, because they take long: `tenants`, `new tenant`, `migration`.
 *
 * Options: `--rounds 3`, `--seconds 8` for each measurement, `--tenants 2 --tenants 1000` for `tenants`; the largest
 * is the number of tenants of `migration`.
 */
import { parseArgs } from 'node:util'
import { buildIfNeeded } from '../scripts/build.ts'
import { divideCores } from './cores.ts'
import { createFleet } from './fleet.ts'
import { startGenerator } from './load.ts'
import { printMachine, tell } from './report.ts'
import type { Run } from './rounds.ts'
import { measureWorkloads } from './rounds.ts'
import { measureSignIns } from './sign-ins.ts'
import { measureStarts } from './starts.ts'
import type { Target } from './targets.ts'
import { createFloors, tenantryOn } from './targets.ts'
import { measureMigration, measureNewTenants, measureTenants } from './tenants.ts'
import { workloads } from './workloads.ts'

/** Milliseconds after which a run is ended, in any case. */
const runLimit = 3 * 3_600_000
/** Only when named. */
const long = ['tenants', 'new tenant', 'migration']

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    tenants: { type: 'string', multiple: true, default: ['2', '1000'] },
  },
})
const rounds = positive(values.rounds)
const seconds = positive(values.seconds)
const tenantCounts = values.tenants.map(positive)

setTimeout(() => fail('The run took too long.'), runLimit).unref()
const names = ['cold start', ...workloads.map(({ name }) => name), 'sign-in', ...long]
for (const word of words)
  if (!names.some(name => name.startsWith(word))) fail(`${word}: choose from ${names.join(', ')}.`)

await buildIfNeeded()
const cores = divideCores()
printMachine(cores, rounds, seconds)
tell('Creating the tenants…')
const fleet = await createFleet()
const generator = startGenerator()
try {
  await measure({ fleet, generator, cores, rounds, seconds })
} finally {
  await generator.stop()
  await fleet.close()
}

async function measure(run: Run): Promise<void> {
  const tenantry = tenantryOn(fleet)
  await measureBesideFloors(run, tenantry)
  if (isWanted('sign-in')) await measureSignIns(run, tenantry)
  if (isWanted('tenants')) await measureTenants(run, tenantry, tenantCounts)
  if (isWanted('new tenant')) await measureNewTenants(fleet)
  if (isWanted('migration')) await measureMigration(fleet, Math.max(...tenantCounts))
}

async function measureBesideFloors(run: Run, tenantry: Target): Promise<void> {
  const wanted = workloads.filter(({ name }) => isWanted(name))
  if (wanted.length === 0 && !isWanted('cold start')) return
  const floors = await createFloors(fleet)
  try {
    const targets = [tenantry, ...floors.targets]
    if (isWanted('cold start')) await measureStarts(run, targets)
    if (wanted.length > 0) await measureWorkloads(run, targets, wanted)
  } finally {
    await floors.close()
  }
}

function isWanted(name: string): boolean {
  return words.length === 0 ? !long.includes(name) : words.some(word => name.startsWith(word))
}

function positive(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) fail(`${text}: a whole number of at least 1 is needed.`)
  return number
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
