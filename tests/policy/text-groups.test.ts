import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TextGroup } from '../../i18n/groups.ts'
import { groupsOf } from '../../i18n/groups.ts'
import { importsOf, readSources } from '../support/sources.ts'

/** A page gets the groups of texts that groupsOf names. They must have every text that the page can show. */

const sources = new Map(
  readSources('{app,components,composables,layouts,middleware,pages,plugins,stores}/**/*.{ts,vue}', '*.vue').map(
    source => [source.file, source],
  ),
)
const owners = new Map([...sources.keys()].flatMap(file => namesIn(file).map(name => [name, file] as const)))
const parts = readdirSync('i18n/locales/en').map(file => file.replace('.json', ''))

describe('the texts of a group', () => {
  test('are the same in both languages, except the translations of the server’s, which are English already', () => {
    const files = readdirSync('i18n/en')
    expect(readdirSync('i18n/ar')).toEqual(files)
    expect(files.length).toBeGreaterThan(3)
    for (const file of files) expect(partsOf(file, 'ar').filter(part => part !== 'server')).toEqual(partsOf(file, 'en'))
    expect(new Set(files.flatMap(file => partsOf(file, 'en')))).toEqual(new Set(parts))
  })
})

describe('what a page can show', () => {
  const pages = [...sources.keys()].filter(file => file.startsWith('pages/'))

  test('is in the groups that it gets', () => {
    expect(pages.length).toBeGreaterThan(30)
    expect(Object.fromEntries(pages.map(file => [file, missing(file, textsOfPage(file))]))).toEqual(
      Object.fromEntries(pages.map(file => [file, []])),
    )
  })

  test('is there around the page and after an error, too', () => {
    const everywhere = textsOf('portal', true)
    for (const file of ['app.vue', 'error.vue', 'layouts/auth.vue'])
      expect([file, missing(file, everywhere)]).toEqual([file, []])
    expect(missing('layouts/default.vue', textsOf('site', false))).toEqual([])
    // Its dialogs for people and departments are a portal's.
    expect(missing('layouts/dashboard.vue', textsOf('portal', false))).toEqual([])
  })

  test('and is found when it is not', () => {
    expect(missing('pages/portal/people/index.vue', textsOf('portal', true))).toContain('people')
    expect(missing('pages/portal/index.vue', textsOf('console', false))).toContain('home')
    expect(missing('pages/portal/profile.vue', textsOf('portal', false))).toEqual(['security', 'step'])
  })
})

function textsOfPage(file: string): string[] {
  const [, surface] = file.split('/') as [string, 'site' | 'portal' | 'console']
  const { code } = sources.get(file)!
  return textsOf(surface, /\bpublic: true\b/.test(code), groupsIn(code, /\btexts: \[([^\]]*)\]/))
}

function textsOf(surface: 'site' | 'portal' | 'console', isPublic: boolean, texts: TextGroup[] = []): string[] {
  return textsOfGroups(['everywhere', ...groupsOf(surface, { public: isPublic, texts })])
}

function textsOfGroups(groups: TextGroup[]): string[] {
  return groups.flatMap(group => partsOf(`${group}.ts`, 'en'))
}

function groupsIn(code: string, pattern: RegExp): TextGroup[] {
  const list = pattern.exec(code)?.[1] ?? ''
  return [...list.matchAll(/'(\w+)'/g)].map(([, group]) => group as TextGroup)
}

function partsOf(file: string, language: string): string[] {
  const code = readFileSync(`i18n/${language}/${file}`, 'utf8')
  return [...code.matchAll(/locales\/(\w+)\/(\w+)\.json/g)].map(([, folder, part]) => {
    expect([file, folder]).toEqual([file, language])
    return part!
  })
}

/** The parts of the texts that a file, or what it uses, names and does not get. */
function missing(file: string, given: string[]): string[] {
  const keys = new RegExp(`(?:['\`]|keypath=")(${parts.join('|')})\\.`, 'g')
  const reached = reachable(file)
  const loaded = [...reached].flatMap(each =>
    textsOfGroups(groupsIn(sources.get(each)!.code, /\bload\(\[([^\]]*)\]\)/)),
  )
  const used = [...reached].flatMap(each => [...sources.get(each)!.code.matchAll(keys)])
  return [...new Set(used.map(([, part]) => part!))].filter(part => ![...given, ...loaded].includes(part)).sort()
}

function reachable(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found
  found.add(file)
  const { code } = sources.get(file)!
  const words = new Set(code.match(/\b\w+\b/g))
  for (const [name, owner] of owners) if (words.has(name) || words.has(`Lazy${name}`)) reachable(owner, found)
  for (const name of importsOf({ file, code })) {
    const path = posix.join(name.startsWith('~/') ? '.' : posix.dirname(file), name.replace(/^~\//, ''))
    for (const end of ['', '.ts', '.vue']) if (sources.has(path + end)) reachable(path + end, found)
  }
  return found
}

/** What other files can use of a file without an import. */
function namesIn(file: string): string[] {
  if (file.startsWith('components/')) return [posix.basename(file, '.vue')]
  if (!/^(?:composables|stores)\//.test(file)) return []
  return [...sources.get(file)!.code.matchAll(/export (?:async )?(?:function|const) (\w+)/g)].map(([, name]) => name!)
}
