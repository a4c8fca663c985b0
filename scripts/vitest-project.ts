import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Run } from './run.ts'

export interface Result {
  passed: number
  /** What failed: the test, and why. */
  failures: string[]
}

/** What vitest's JSON reporter writes. */
interface Report {
  numPassedTests: number
  testResults: {
    name: string
    status: string
    /** An error outside any test. */
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

/** Runs one project of `vitest.config.ts` and counts its tests; any other error counts as a failed test. */
export async function runProject(name: string, run: Run): Promise<Result> {
  const files = await Array.fromAsync(glob(`tests/${name}/**/*.test.ts`))
  if (files.length === 0) {
    console.log('There are no tests here yet.')
    return { passed: 0, failures: [] }
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
  return resultOf(name, report, code)
}

function resultOf(name: string, report: Report | undefined, code: number): Result {
  if (!report) return { passed: 0, failures: [`${name}: there is no report, exit code ${code}`] }
  const { numPassedTests: passed, testResults } = report
  const failures = testResults.flatMap(({ name: path, status, message, assertionResults }) => {
    const file = relative('.', path)
    const failed = assertionResults.filter(test => test.status === 'failed')
    if (status === 'failed' && failed.length === 0) return [failure(file, message)]
    return failed.map(test => failure(`${file} > ${test.fullName}`, test.failureMessages[0] ?? ''))
  })
  if (failures.length === 0 && (code !== 0 || passed === 0)) failures.push(`${name}: an error outside its tests`)
  return { passed, failures }
}

const linesOfMessage = 8

function failure(test: string, message: string): string {
  const lines = stripVTControlCharacters(message).split('\n').slice(0, linesOfMessage)
  return [test, ...lines.map(line => `    ${line}`)].join('\n').trimEnd()
}
