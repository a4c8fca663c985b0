import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const folders = /^(?:assets|cli|components|composables|docs|drizzle|i18n|layouts|middleware|modules|pages|plugins|scripts|server|shared|stores|tests)\//

describe('a document that leads through the code', () => {
  test('names files that exist', () => {
    const named = filesIn(readFileSync('docs/add-a-feature.md', 'utf8'))
    expect(named.length).toBeGreaterThan(25)
    expect(named.filter(file => !existsSync(file))).toEqual([])
  })

  test('is noticed when it does not', () => {
    expect(filesIn('See `server/no-such.ts`, `docs/api.md`, `npm test` and `select *`.')).toEqual(['server/no-such.ts', 'docs/api.md'])
  })
})

function filesIn(text: string): string[] {
  return [...text.matchAll(/`([^`\s]+)`/g)].map(([, name]) => name!).filter(name => folders.test(name) || name === 'nuxt.config.ts')
}
