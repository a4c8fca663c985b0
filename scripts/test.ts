import { endWithParent } from './bootstrap.mjs'
import { buildIfNeeded } from './build.ts'
import { installChromium, installDatabaseTools } from './debian-packages.ts'
import { Failure, main, run, runQuietly } from './run.ts'
import { runProject, type Counts } from './vitest-project.ts'

interface Step {
  name: string
  /** What it needs done first, once for all steps; counted only when it fails. */
  needs: (() => Promise<unknown>)[]
  run: () => Promise<Counts>
}

const steps: Step[] = [
  { name: 'lint', needs: [prepareTypes], run: () => check('eslint', '--max-warnings=0', '.') },
  { name: 'types', needs: [prepareTypes], run: () => check('vue-tsc', '-b', '--noEmit') },
  { name: 'knip', needs: [prepareTypes], run: () => check('knip') },
  { name: 'unit', needs: [], run: () => runProject('unit') },
  { name: 'policy', needs: [prepareTypes], run: () => runProject('policy') },
  { name: 'nuxt', needs: [], run: () => runProject('nuxt') },
  { name: 'api', needs: [buildIfNeeded, installDatabaseTools], run: () => runProject('api') },
  { name: 'e2e', needs: [buildIfNeeded, installChromium], run: () => runProject('e2e') },
]

endWithParent()
await main(async () => {
  const total = { passed: 0, failed: 0 }
  const done = new Set<() => Promise<unknown>>()
  for (const step of chooseSteps(process.argv.slice(2))) {
    for (const need of step.needs.filter(need => !done.has(need))) {
      done.add(need)
      total.failed += await attempt(need)
    }
    console.log(`\n── ${step.name}`)
    const { passed, failed } = await step.run()
    total.passed += passed
    total.failed += failed
  }
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
  console.log(`\n${total.passed} passed, ${total.failed} failed`)
}, 130)

function chooseSteps(names: string[]) {
  const unknown = names.filter(name => !steps.some(step => step.name === name))
  if (unknown.length > 0) throw new Failure(`No such step: ${unknown.join(', ')}. There are ${steps.map(step => step.name).join(', ')}.`)
  return names.length > 0 ? steps.filter(step => names.includes(step.name)) : steps
}

async function attempt(need: () => Promise<unknown>) {
  try {
    await need()
    return 0
  }
  catch (error) {
    if (!(error instanceof Failure)) throw error
    console.error(error.message)
    return 1
  }
}

function prepareTypes() {
  return runQuietly('nuxt', 'prepare')
}

async function check(command: string, ...args: string[]): Promise<Counts> {
  return await run(command, ...args) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}
