import { posix } from 'node:path'
import { expect, test } from 'vitest'
import type { Source } from '../support/sources.ts'
import { importsOf, readSources } from '../support/sources.ts'

const sources = readSources(
  '{shared,drizzle,server,cli,app,components,composables,layouts,middleware,pages,plugins,stores,modules,scripts,tests,bench}/**/*.{ts,vue}',
  'server/routes/.*/**/*.ts',
  '*.vue',
  '*.ts',
)

test('no file imports itself by way of others', () => {
  expect(sources.length).toBeGreaterThan(500)
  expect(cyclesOf(sources)).toEqual([])
})

test('files that do are found', () => {
  const source = (file: string, ...names: string[]): Source => ({
    file,
    code: names.map(name => `import { x } from '${name}'`).join('\n'),
  })
  expect(
    cyclesOf([
      source('shared/a.ts', './b.ts'),
      source('shared/b.ts', '#shared/c'),
      source('shared/c.ts', '~~/shared/a'),
      source('shared/d.ts', './a.ts'),
    ]),
  ).toEqual([['shared/a.ts', 'shared/b.ts', 'shared/c.ts']])
})

/** @returns groups of files in which each file imports all others, directly or indirectly */
function cyclesOf(sources: Source[]): string[][] {
  const files = new Set(sources.map(({ file }) => file))
  const imports = new Map(
    sources.map(source => [source.file, importsOf(source).flatMap(name => fileOf(source.file, name, files) ?? [])]),
  )
  const reached = new Map([...files].map(file => [file, reachableFrom(file, imports)]))
  const groups = new Map<string, string[]>()
  for (const file of files) {
    const group = [...reached.get(file)!].filter(other => reached.get(other)!.has(file)).sort()
    if (group.length > 0) groups.set(group.join(), group)
  }
  return [...groups.values()]
}

function reachableFrom(file: string, imports: Map<string, string[]>): Set<string> {
  const reached = new Set<string>()
  const waiting = [...imports.get(file)!]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (reached.has(next)) continue
    reached.add(next)
    waiting.push(...imports.get(next)!)
  }
  return reached
}

function fileOf(from: string, name: string, files: Set<string>): string | undefined {
  const path = name.startsWith('.')
    ? posix.join(posix.dirname(from), name)
    : name.replace(/^(?:~~?|@@?)\//, '').replace(/^#(?=server\/|shared\/|drizzle\/)/, '')
  return [path, `${path}.ts`, `${path}.vue`].find(candidate => files.has(candidate))
}
