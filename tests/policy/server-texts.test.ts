import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { matchText } from '../../composables/list/matchText.ts'
import type { Source } from '../support/sources.ts'
import { readSources } from '../support/sources.ts'

/** Files whose texts are not answers of the API, and why. */
const others = {
  'server/http/route/error-statuses.ts': 'tells developers that an error is not declared; users never see it',
  'server/http/route/serve.ts': 'tells developers that an answer is not as declared; users never see it',
  'server/domain/platform/demo/demo.ts': "the command line's",
  'server/domain/nodes/checks.ts': "the doctor's, for operators",
  'server/domain/nodes/move.ts': "the command line's",
  'server/domain/platform/database-checks.ts': "the doctor's, for operators",
  'server/domain/platform/environment-checks.ts': "the doctor's, for operators",
  'server/domain/platform/doctor.ts': "the doctor's, for operators",
  'server/domain/platform/drift-checks.ts': "the doctor's, for operators",
  'server/domain/secrets/checks.ts': "the doctor's, for operators",
  'server/domain/platform/stalled-checks.ts': "the doctor's, for operators",
  'server/domain/platform/tenant-checks.ts': "the doctor's, for operators",
  'server/domain/platform/storage-checks.ts': "the doctor's, for operators",
  'server/domain/archives/checks.ts': "the doctor's, for operators",
  'server/http/bare-error-page.ts': 'has its own, in both languages',
}

/** The sources of texts with which the API answers, and which forms show before they send. */
const sources = readSources(
  'shared/**/*.ts',
  'server/{domain,http,middleware,api}/**/*.ts',
  'server/error-handler.ts',
).filter(({ file }) => !(file in others) && !file.startsWith('shared/answers/'))
const texts = (JSON.parse(readFileSync('i18n/locales/ar/server.json', 'utf8')) as { server: Record<string, string> })
  .server
const patterns = Object.keys(texts)

describe('what the API says', () => {
  test('can be said in Arabic, every text of it', () => {
    const said = sources.flatMap(({ file, code }) => textsOf({ file, code }).map(text => ({ file, text })))
    expect(said.length).toBeGreaterThan(60)
    expect(said.filter(({ text }) => !matchText(patterns, text))).toEqual([])
  })

  test('and a text that nobody translated is found', () => {
    const said = textsOf({
      file: 'x.ts',
      code: 'throw forbidden("Go away")\ninvalid({ a: [`No ${x} here.`] })\nz.string().max(3, "Too long for us.")\nthrow new Error("Not for people.")\nlog.warn("event one.")',
    })
    expect(said).toEqual(['Go away', 'No 7 here.', 'Too long for us.'])
    expect(said.filter(text => matchText(patterns, text))).toEqual([])
  })

  test('is known again with its numbers and values', () => {
    expect(matchText(patterns, 'Ensure this field has no more than 150 characters.')).toMatchObject({
      values: { n: '150' },
    })
    expect(matchText(patterns, '"a "b" c" is not a valid choice.')).toMatchObject({ values: { value: 'a "b" c' } })
    expect(matchText(patterns, 'Request was throttled. Expected available in 1 second.')).toMatchObject({
      values: { n: '1' },
    })
    expect(matchText(patterns, 'The invitation was accepted already.')).toMatchObject({
      pattern: 'The invitation was accepted already.',
    })
    expect(matchText(patterns, 'Something else altogether')).toBeUndefined()
  })

  test('has in Arabic what it has in English, and six forms where a number decides', () => {
    const wrong = Object.entries(texts).filter(([english, arabic]) => {
      const names = [...arabic.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      return (
        !names.every(name => english.includes(`{${name}}`)) ||
        english.includes('{n}') !== (arabic.split('|').length === 6)
      )
    })
    expect(wrong).toEqual([])
  })
})

/** Every sentence in the code, and every error detail; 7 stands for inserted values. */
function textsOf({ code }: Source): string[] {
  const found: string[] = []
  const visit = (node: ts.Node) => {
    const text = textOf(node)
    if (text !== undefined && (isSaid(node) || (/^["\p{Lu}][^\n]* [^\n]*\.$/u.test(text) && !isForLogs(node))))
      found.push(text)
    else ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('x.ts', code, ts.ScriptTarget.Latest, true))
  return found
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isTemplateExpression(node)) return undefined
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('7')
}

function isSaid(node: ts.Node): boolean {
  const { parent } = node
  if (ts.isPropertyAssignment(parent)) return parent.name.getText() === 'detail'
  return (
    ts.isCallExpression(parent) &&
    /^(?:forbidden|conflict|notFound)$/.test(parent.expression.getText()) &&
    parent.arguments[0] === node
  )
}

function isForLogs({ parent }: ts.Node): boolean {
  return (
    (ts.isNewExpression(parent) && parent.expression.getText() === 'Error') ||
    (ts.isCallExpression(parent) && /\blog\b/.test(parent.expression.getText()))
  )
}
