import { availableParallelism } from 'node:os'
import { endWithParent } from './bootstrap.mjs'
import { buildIfNeeded } from './build.ts'
import { installChromium, installDatabaseTools } from './debian-packages.ts'
import { Failure, main, run, runQuietly, runRecorded } from './run.ts'
import type { Run } from './run.ts'
import { runProject, type Result } from './vitest-project.ts'

interface Step {
  name: string
  /** What must be prepared before it, once for all steps; counted only if it fails. */
  needs: (() => Promise<unknown>)[]
  run: (run: Run) => Promise<Result>
}

/** Run in parallel, one row per processor, the longest first. The steps of a row run one after the other. */
const rows: Step[][] = [
  [{ name: 'types', needs: [prepareTypes], run: run => check(run, 'vue-tsc', '-b', '--noEmit') }],
  [
    { name: 'unit', needs: [], run: run => runProject('unit', run) },
    { name: 'policy', needs: [prepareTypes], run: run => runProject('policy', run) },
    { name: 'nuxt', needs: [], run: run => runProject('nuxt', run) },
  ],
  [{ name: 'format', needs: [], run: run => check(run, 'prettier', '--check', '--log-level=warn', '.') }],
  [{ name: 'lint', needs: [prepareTypes], run: run => check(run, 'eslint', '--max-warnings=0', '.') }],
  [{ name: 'knip', needs: [prepareTypes], run: run => check(run, 'knip') }],
]

/** Run alone, as each of them uses the whole machine. */
const wholes: Step[] = [
  { name: 'api', needs: [buildIfNeeded, installDatabaseTools], run: run => runProject('api', run) },
  { name: 'e2e', needs: [buildIfNeeded, installChromium], run: run => runProject('e2e', run) },
]

endWithParent()
// Recorded output is shown on the same terminal.
if (process.stdout.isTTY) process.env.FORCE_COLOR ??= '1'
await main(async () => {
  const chosen = chooseSteps(process.argv.slice(2))
  const results = await prepare(chosen)
  results.push(...(await runRows(chosen)))
  for (const step of wholes.filter(step => chosen.has(step))) {
    console.log(`\n── ${step.name}`)
    results.push(await step.run(run))
  }
  const passed = results.reduce((total, result) => total + result.passed, 0)
  const failures = results.flatMap(result => result.failures)
  process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0
  // Again, as they stand far above.
  if (failures.length > 0) console.log(`\n── failed\n${failures.join('\n')}`)
  console.log(`\n${passed} passed, ${failures.length} failed`)
}, 130)

function chooseSteps(names: string[]): Set<Step> {
  const steps = [...rows.flat(), ...wholes]
  const unknown = names.filter(name => !steps.some(step => step.name === name))
  if (unknown.length > 0)
    throw new Failure(`No such step: ${unknown.join(', ')}. There are ${steps.map(step => step.name).join(', ')}.`)
  return new Set(names.length > 0 ? steps.filter(step => names.includes(step.name)) : steps)
}

/** Runs the preparations one after the other, before any step: a build replaces the types that steps read. */
async function prepare(chosen: Set<Step>): Promise<Result[]> {
  const needed = new Set([...chosen].flatMap(({ needs }) => needs))
  const results: Result[] = []
  for (const need of [buildIfNeeded, prepareTypes, installDatabaseTools, installChromium].filter(need =>
    needed.has(need),
  ))
    results.push(await attempt(need))
  return results
}

async function attempt(need: () => Promise<unknown>): Promise<Result> {
  try {
    await need()
    return { passed: 0, failures: [] }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    console.error(error.message)
    return { passed: 0, failures: [error.message] }
  }
}

async function runRows(chosen: Set<Step>): Promise<Result[]> {
  const left = rows.map(row => row.filter(step => chosen.has(step))).filter(row => row.length > 0)
  const results: Result[] = []
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let row = left.shift(); row; row = left.shift()) {
        for (const step of row) results.push(await runBeside(step))
      }
    }),
  )
  return results
}

/** Shows the output of a step in one piece, when it has ended. */
async function runBeside(step: Step): Promise<Result> {
  const said: string[] = []
  const result = await step.run(async (...command) => {
    const { code, output } = await runRecorded(...command)
    said.push(output)
    return code
  })
  console.log(`\n── ${step.name}\n${said.join('').trimEnd()}`)
  return result
}

function prepareTypes() {
  return runQuietly('nuxt', 'prepare')
}

async function check(run: Run, command: string, ...args: string[]): Promise<Result> {
  return (await run(command, ...args)) === 0 ? { passed: 1, failures: [] } : { passed: 0, failures: [command] }
}
