import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import type { Source } from '../support/sources.ts'
import { readSources } from '../support/sources.ts'

interface LogCall {
  event: string
  /** Undefined where it is only known at run time. */
  level: string | undefined
}

const written = readSources('{server,cli,scripts,modules}/**/*.ts').flatMap(callsIn)
const documented = rowsIn(readFileSync('docs/operations.md', 'utf8'))

describe('the log events in docs/operations.md', () => {
  test('include every event that the code writes, with its level', () => {
    expect(written.length).toBeGreaterThan(40)
    expect(
      written.filter(({ event, level }) => !documented.some(row => row.event === event && isLevel(row.level, level))),
    ).toEqual([])
  })

  test('include no event that the code does not write, and none twice', () => {
    const events = documented.map(row => row.event)
    expect(events.filter(event => !written.some(call => call.event === event))).toEqual([])
    expect(events.length).toBe(new Set(events).size)
  })

  test('have names of at least two words in lower snake case', () => {
    expect(written.map(({ event }) => event).filter(event => !/^[a-z]+(?:_[a-z]+)+$/.test(event))).toEqual([])
  })
})

describe('this test', () => {
  test('finds every way to write an event', () => {
    const code = `
      app.log.warn({ event: 'one_failed', reason })
      log().info({ event: isNew ? 'two_made' : 'two_kept' })
      createLogger('fatal').fatal({ event: 'three_rejected' })
      log()[level](url ? { event: 'four_opened', url } : { event: 'four_printed' })
      logEvent(app, authRealm, origin, 'five_changed', { from, to })
      app.log.error(message)
      notify({ event: 'suspended' })`
    expect(callsIn({ file: 'x.ts', code }).map(({ event, level }) => `${level} ${event}`)).toEqual([
      'warn one_failed',
      'info two_made',
      'info two_kept',
      'fatal three_rejected',
      'undefined four_opened',
      'undefined four_printed',
      'info five_changed',
      'error x.ts has no event: app.log.error(message)',
    ])
  })

  test('reads the rows of the one section', () => {
    const document = '| `not_this` | info |\n## Log events\n| `this_one` | warn |\n## Next\n| `nor_this` | info |'
    expect(rowsIn(document)).toEqual([{ event: 'this_one', level: 'warn' }])
  })
})

/** Finds the events that a file writes. A log call without a literal name is returned as a name that no rule allows. */
function callsIn({ file, code }: Source): LogCall[] {
  const calls: LogCall[] = []
  const visit = (node: ts.Node) => {
    // Its callers give the name.
    if (ts.isFunctionDeclaration(node) && node.name?.text === 'logEvent') return
    if (ts.isCallExpression(node) && isLogCall(node)) {
      const names = eventsOf(node)
      if (names.length === 0) names.push(`${file} has no event: ${node.getText()}`)
      calls.push(...names.map(event => ({ event, level: levelOf(node) })))
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true))
  return calls
}

function isLogCall({ expression }: ts.CallExpression): boolean {
  if (ts.isIdentifier(expression)) return expression.text === 'logEvent'
  if (ts.isPropertyAccessExpression(expression) && !/^(?:debug|info|warn|error|fatal)$/.test(expression.name.text))
    return false
  if (!ts.isPropertyAccessExpression(expression) && !ts.isElementAccessExpression(expression)) return false
  return /(?:^|\.)log(?:\(\))?$|^createLogger\(/.test(expression.expression.getText())
}

function levelOf({ expression }: ts.CallExpression): string | undefined {
  if (ts.isIdentifier(expression)) return 'info'
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : undefined
}

function eventsOf(call: ts.CallExpression): string[] {
  if (ts.isIdentifier(call.expression)) return literalsIn(call.arguments[3])
  const events: string[] = []
  const visit = (node: ts.Node) => {
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'event') events.push(...literalsIn(node.initializer))
    else ts.forEachChild(node, visit)
  }
  call.arguments.forEach(visit)
  return events
}

function literalsIn(node: ts.Expression | undefined): string[] {
  if (!node) return []
  if (ts.isConditionalExpression(node)) return [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)]
  return ts.isStringLiteral(node) ? [node.text] : []
}

function rowsIn(document: string): { event: string; level: string }[] {
  const section = /^## Log events$([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(document)?.[1] ?? ''
  return [...section.matchAll(/^\| `([^`]+)` \| ([^|]+?) \|/gm)].map(([, event, level]) => ({
    event: event!,
    level: level!,
  }))
}

function isLevel(documented: string, level: string | undefined): boolean {
  return level === undefined || documented === level
}
