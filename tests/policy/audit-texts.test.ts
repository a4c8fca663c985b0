import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { auditActions, auditGroups } from '#shared/audit-actions.ts'

type Texts = { [key: string]: Texts | string }

describe.each(['en', 'ar'])('the texts of the record in %s', language => {
  const { audit } = JSON.parse(readFileSync(`i18n/locales/${language}/audit.json`, 'utf8')) as { audit: Texts }
  const textAt = (path: string) =>
    path
      .split('.')
      .reduce<Texts | string | undefined>((texts, key) => (typeof texts === 'object' ? texts[key] : undefined), audit)

  test('name each group, and each action in a word and in a sentence', () => {
    const actions = auditGroups.flatMap(group => auditActions[group])
    const paths = [
      ...auditGroups.map(group => `groups.${group}`),
      ...actions.flatMap(action => [`actions.${action}`, `sentences.${action}`]),
    ]
    expect(paths.filter(path => typeof textAt(path) !== 'string')).toEqual([])
  })

  test('have a sentence for a change of one field too, which says what it was and is', () => {
    const changes = auditGroups
      .flatMap<string>(group => auditActions[group])
      .filter(action => action.endsWith('.changed'))
    expect(changes.length).toBeGreaterThan(2)
    expect(changes.filter(action => typeof textAt(`sentences.${action}_one`) !== 'string')).toEqual([])
  })
})

test('each action is in one group', () => {
  const actions = auditGroups.flatMap<string>(group => auditActions[group])
  expect(actions.length).toBe(new Set(actions).size)
})
