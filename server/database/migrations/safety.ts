import { outlineOf } from '#server/database/slots/outline.ts'
import { describeStatement, keywordsOf, unquoted, withoutComments } from './statements.ts'

/**
 * The changes of a migration that can break programs of the version before, which go on while it is applied. Changes of
 * tables that the same migration creates, and constraints of columns that it adds, cannot. It finds what the text says:
 * a change of rows or of a function is not looked at.
 */
export function breakingChanges(statements: string[]): string[] {
  const texts = statements.map(withoutComments)
  const made: Made = { tables: texts.flatMap(createdTable), columns: texts.flatMap(addedColumns) }
  return texts.flatMap(text => breakingPartsOf(text, texts, made))
}

/** What the same migration makes. */
interface Made {
  tables: string[]
  columns: string[]
}

function breakingPartsOf(text: string, all: string[], made: Made): string[] {
  const outline = keywordsOf(text)
  if (/^(?:drop\s+(?!index|trigger)|revoke|truncate)\b/.test(outline)) return [shortened(text)]
  if (describeStatement(text).relations.some(relation => made.tables.includes(relation))) return []
  if (/^create\s+unique\s+index\b/.test(outline)) return isOfNewColumn(text, made) ? [] : [shortened(text)]
  if (/^alter\s+(?:type|function|view|schema)\b/.test(outline) && /\brename\b/.test(outline)) return [shortened(text)]
  return actionsOf(text)
    .filter(action => isBreaking(action, all, made))
    .map(shortened)
}

/** @returns the actions of an ALTER TABLE, which commas separate */
function actionsOf(text: string): string[] {
  const beginning = /^alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?:"[^"]+"|\w+)\s*/i.exec(text)?.[0]
  if (beginning === undefined) return []
  const body = text.slice(beginning.length)
  const ends = [...outlineOf(body).matchAll(/,/g)].map(({ index }) => index)
  return [-1, ...ends].map((end, i) => body.slice(end + 1, ends[i] ?? body.length).trim())
}

const constraint = /^add\s+(?:constraint\b.*\b)?(?:check|unique|primary\s+key|foreign\s+key|exclude)\b/

function isBreaking(action: string, all: string[], made: Made): boolean {
  const outline = keywordsOf(action)
  if (/^drop\b(?!\s+constraint\b)/.test(outline) || /^rename\b/.test(outline)) return true
  if (/^alter\b/.test(outline)) {
    if (/\bset\s+not\s+null\b/.test(outline)) return !hasDefault(action, all)
    return /\b(?:type|drop\s+default)\b/.test(outline)
  }
  if (constraint.test(outline)) return !isOfNewColumn(action, made)
  return /^add\b/.test(outline) && /\bnot\s+null\b/.test(outline) && !/\b(?:default|generated)\b/.test(outline)
}

function isOfNewColumn(text: string, { columns }: Made): boolean {
  return columns.some(column => new RegExp(`\\([^]*\\b${column}\\b[^]*\\)`, 'i').test(text))
}

/** Whether the same migration gives the column of `ALTER … SET NOT NULL` a default. */
function hasDefault(action: string, all: string[]): boolean {
  const column = unquoted(/^alter\s+(?:column\s+)?("[^"]+"|\w+)/i.exec(action)![1]!)
  const given = new RegExp(`alter\\s+(?:column\\s+)?"?${column}"?\\s+set\\s+default\\b`, 'i')
  return all.some(text => given.test(text))
}

/** The table that a statement creates, if it does. */
export function createdTable(statement: string): string[] {
  const found = /^create\s+table\s+(?:if\s+not\s+exists\s+)?("[^"]+"|\w+)/i.exec(withoutComments(statement))
  return found ? [unquoted(found[1]!)] : []
}

function addedColumns(text: string): string[] {
  return actionsOf(text).flatMap(action => {
    const found = /^add\s+(?:column\s+)?(?:if\s+not\s+exists\s+)?("[^"]+"|\w+)/i.exec(action)
    return found && !constraint.test(keywordsOf(action)) ? [unquoted(found[1]!)] : []
  })
}

function shortened(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 100)
}
