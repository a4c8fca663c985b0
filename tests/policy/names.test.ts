import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { auditActions, auditGroups } from '#shared/audit-actions.ts'
import { operationKinds, operationStates } from '#shared/operations.ts'
import { tenantStatuses } from '#shared/tenant-statuses.ts'
import { readSources } from '../support/sources.ts'

/** Names that the server defines, and that the interface, the documents or the filters use. */

interface Texts {
  [key: string]: Texts | string
}

const { console: texts } = JSON.parse(readFileSync('i18n/locales/en/console.json', 'utf8')) as { console: Texts }
const api = readFileSync('docs/api.md', 'utf8')

describe('every name that the console shows has a text, and every text a name', () => {
  test.each([
    ['kinds of operations', 'operations.kinds', operationKinds],
    ['states of operations', 'operations.states', operationStates],
    ['states of an organisation', 'status', tenantStatuses],
    ['jobs', 'jobs.names', namesIn('server/jobs.ts', /\{ name: '([\w-]+)'/g)],
    [
      'kinds of mails',
      'mail.kinds',
      // Up to the first blank line of each of the two interfaces.
      [
        ...readFileSync('server/domain/mail/kinds.ts', 'utf8').matchAll(
          /^export interface (?:Site)?MailData \{\n([\s\S]*?)^\}/gm,
        ),
      ].flatMap(([, fields]) => [...fields!.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name!)),
    ],
  ])('%s', (_, path, names) => {
    expect(names.length).toBeGreaterThan(3)
    expect(
      Object.keys(at(path))
        .filter(name => name !== 'maintenance')
        .sort(),
    ).toEqual([...names].sort())
  })
})

describe('docs/api.md', () => {
  test('explains every code of an error', () => {
    const codes = namesIn('shared/errors.ts', /^ {2,4}(?:= )?\| '(\w+)'/gm)
    expect(codes.length).toBeGreaterThan(15)
    expect(codes.filter(code => !api.includes(`\`${code}\``))).toEqual([])
  })

  test('names every group and state that can be asked for', () => {
    expect(
      [...auditGroups, ...operationKinds, ...operationStates, ...tenantStatuses].filter(
        name => !api.includes(`\`${name}\``),
      ),
    ).toEqual([])
  })
})

test('every action of the record is recorded somewhere', () => {
  const code = readSources('{server,cli}/**/*.ts')
    .map(source => source.code)
    .join('\n')
  expect(
    auditGroups.flatMap<string>(group => auditActions[group]).filter(action => !code.includes(`'${action}'`)),
  ).toEqual([])
})

function namesIn(file: string, pattern: RegExp): string[] {
  return [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, name]) => name!)
}

function at(path: string): Texts {
  return path.split('.').reduce<Texts>((part, key) => part[key] as Texts, texts)
}
