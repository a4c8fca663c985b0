import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { rawTexts } from '../support/browser/spoken-texts.ts'
import { readSources } from '../support/sources.ts'

/** Names that are the same in every language. */
const names = ['Tenantry', 'PostgreSQL', 'Node']

const sources = readSources(
  '{app,components,composables,layouts,middleware,pages,plugins,stores,utils}/**/*.{ts,vue}',
  '*.vue',
)
const english = readTexts('en')
const arabic = readTexts('ar')
// The API's texts, whose keys are the English texts: tests/policy/server-texts.test.ts tests them.
for (const key of arabic.keys()) if (key.startsWith('server.')) arabic.delete(key)
const parts = [...new Set([...english.keys()].map(key => key.split('.')[0]))]

describe('every number in a text', () => {
  /** Calls of a text with a plural whose number is not formatted. */
  function bareNumbers(code: string): string[] {
    const plurals = [...english].filter(([, text]) => text.includes('|')).map(([key]) => key)
    const isPlural = (key: string) => {
      const pattern = new RegExp(`^${key.replaceAll('.', '\\.').replaceAll(/\$\{[^}]+\}/g, '.+')}$`)
      return plurals.some(plural => pattern.test(plural))
    }
    const bare = [...code.matchAll(/\bt\(\s*(['`])([^'`]+)\1,\s*(?:\w[\w.]*\s*\)|\{ (?:n|count): (?!number\())/g)]
    return bare.filter(([, , key]) => isPlural(key!)).map(([call]) => call)
  }

  test('has separators', () => {
    expect(Object.fromEntries(sources.map(({ file, code }) => [file, bareNumbers(code)]))).toEqual(
      Object.fromEntries(sources.map(({ file }) => [file, []])),
    )
  })

  test('and one without is found', () => {
    expect(bareNumbers("t('home.department.people', people)")).toHaveLength(1)
    expect(bareNumbers('t(`home.task.${task}`, { n: count }, count)')).toHaveLength(1)
    expect(bareNumbers("t('home.department.people', { n: number(people) }, people)")).toEqual([])
  })
})

describe('every text that people see', () => {
  test('is in the files of texts, so that it can be said in every language', () => {
    expect(sources.length).toBeGreaterThan(50)
    const found = sources.map(source => [source.file, rawTexts(source)] as const)
    expect(Object.fromEntries(found.filter(([, texts]) => texts.length > 0))).toEqual({})
  })

  test('and one that is written where it is shown is found', () => {
    const raw = (template: string, script = '') =>
      rawTexts({
        file: 'x.vue',
        code: `<script setup lang="ts">\n${script}\n</script>\n<template><div>${template}</div></template>`,
      })
    const bad = [
      'Hello',
      '{{ is ? "Yes" : $t("a.b") }}',
      '{{ `Hello ${name}` }}',
      '<img alt="A cat">',
      '<X title="Home" />',
      '<X :title="`Delete ${name}?`" />',
      '<X :label="name || \'None\'" />',
    ]
    expect(bad.filter(template => raw(template).length !== 1)).toEqual([])
    expect(
      raw(
        '',
        'notify("It is saved")\nuseHead({ title: () => "Home" })\nconst facts = [{ label: "Email", text: email }]',
      ),
    ).toHaveLength(3)
    const good = [
      '– / · 42',
      '{{ name }}',
      '{{ $t("a.b") }}',
      '<X :title="$t(\'a.b\')" />',
      '<X title="common.cancel" />',
      '<X class="Name" />',
      '{{ kind === "Admin" ? a : b }}',
      '<kbd>Ctrl</kbd>',
      '{{ $t(`a.b.${kind}`) }}',
    ]
    expect(good.filter(template => raw(template).length > 0)).toEqual([])
  })
})

describe('the files of texts', () => {
  test('are of the same parts, each with the one key that is its name', () => {
    for (const language of ['en', 'ar']) {
      for (const file of readdirSync(`i18n/locales/${language}`))
        expect(Object.keys(readJson(`i18n/locales/${language}/${file}`))).toEqual([file.replace('.json', '')])
    }
  })

  test('have the same keys in both languages', () => {
    expect([...english.keys()].filter(key => !arabic.has(key))).toEqual([])
    expect([...arabic.keys()].filter(key => !english.has(key))).toEqual([])
  })

  test('name the same things in both languages', () => {
    expect(
      [...english.keys()].filter(
        key => String(placeholders(english.get(key)!)) !== String(placeholders(arabic.get(key) ?? '')),
      ),
    ).toEqual([])
  })

  test('use the words that people know from other products', () => {
    const odd =
      /\b(?:whoever|e-mails?|mails?|for good|at once|any more|asked for|look into|chosen|go on|turned? away|proven)\b| …/i
    expect([...english].filter(([, text]) => odd.test(text))).toEqual([])
  })

  test('have all six forms of the Arabic plural, wherever a number decides', () => {
    expect(
      [...english]
        .filter(([key, text]) => text.includes('|') !== (arabic.get(key)?.split('|').length === 6))
        .map(([key]) => key),
    ).toEqual([])
  })

  test('are Arabic in Arabic', () => {
    expect(
      [...arabic].filter(
        ([, text]) =>
          !names.includes(text) && /\p{L}/u.test(text.replaceAll(/\{\w+\}/g, '')) && !/\p{Script=Arabic}/u.test(text),
      ),
    ).toEqual([])
  })
})

describe('every key', () => {
  const code = sources.map(source => source.code).join('\n')
  // Not in double quotes, which delimit attributes and contain code.
  const named = new RegExp(`(?:(['\`])|keypath=")((?:${parts.join('|')})\\.[\\w.-]+)(?:\\1|")`, 'g')
  const begun = new RegExp(`\`((?:${parts.join('|')})\\.[\\w.-]*)\\$\\{`, 'g')
  const used = new Set([...code.matchAll(named)].map(([, , key]) => key!))
  const beginnings = [...code.matchAll(begun)].map(([, beginning]) => beginning!)

  test('that is used has its text', () => {
    expect(used.size).toBeGreaterThan(50)
    expect([...used].filter(key => !english.has(key))).toEqual([])
    expect(beginnings.filter(beginning => ![...english.keys()].some(key => key.startsWith(beginning)))).toEqual([])
  })

  test('that has a text is used', () => {
    expect(
      [...english.keys()].filter(key => !used.has(key) && !beginnings.some(beginning => key.startsWith(beginning))),
    ).toEqual([])
  })
})

/** Every text of a language, by its key. */
function readTexts(language: string): Map<string, string> {
  return new Map(
    readdirSync(`i18n/locales/${language}`)
      .sort()
      .flatMap(file => flat('', readJson(`i18n/locales/${language}/${file}`))),
  )
}

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
}

function flat(before: string, texts: object): [string, string][] {
  return Object.entries(texts).flatMap(([key, text]: [string, unknown]) =>
    typeof text === 'string' ? [[before + key, text]] : flat(`${before}${key}.`, text as object),
  )
}

function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!))].sort()
}
