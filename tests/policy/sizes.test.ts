import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'

const code = globSync(
  '{app,bench,cli,components,composables,drizzle,layouts,middleware,modules,pages,plugins,scripts,server,shared,stores,tests}/**/*.{ts,vue,mjs}',
).sort()
const sources = code.filter(file => !file.startsWith('tests/'))
const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')

/** Larger code is split by domain. */
describe('what people read', () => {
  test('is in folders of at most twenty files', () => {
    const folders = Object.entries(Object.groupBy(code, file => posix.dirname(file)))
    expect(folders.length).toBeGreaterThan(50)
    expect(folders.filter(([, files]) => files!.length > 20).map(([folder]) => folder)).toEqual([])
  })

  test('is in files of at most two hundred lines', () => {
    expect(sources.length).toBeGreaterThan(300)
    expect(sources.filter(file => linesOf(file).length > 200)).toEqual([])
  })

  test('is in lines of at most 120 characters, but for one in a hundred', () => {
    const lines = code.flatMap(linesOf)
    expect(lines.filter(line => line.length > 120).length / lines.length).toBeLessThan(0.01)
  })
})
