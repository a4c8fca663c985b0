import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Run } from './run.ts'

export interface Counts {
  passed: number
  failed: number
}

interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

/** Runs one project of `vitest.config.ts` and counts its tests; any other error counts as a failed test. */
export async function runProject(name: string, run: Run): Promise<Counts> {
  const files = await Array.fromAsync(glob(`tests/${name}/**/*.test.ts`))
  if (files.length === 0) {
    console.log('There are no tests here yet.')
    return { passed: 0, failed: 0 }
  }
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-test-'))
  const file = join(directory, 'report.json')
  const code = await run(
    'vitest',
    'run',
    '--project',
    name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  )
  const report = (await readFile(file, 'utf8').then(JSON.parse, () => undefined)) as Report | undefined
  await rm(directory, { recursive: true })
  return count(report, code)
}

function count(report: Report | undefined, code: number): Counts {
  if (!report) return { passed: 0, failed: 1 }
  const { numPassedTests: passed, numFailedTests, testResults } = report
  const broken = testResults.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  )
  const failed = numFailedTests + broken.length
  const somethingElse = failed === 0 && (code !== 0 || passed === 0)
  return { passed, failed: somethingElse ? 1 : failed }
}
