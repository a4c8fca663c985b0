import { randomBytes } from 'node:crypto'
import { outlineOf } from './outline.ts'

/**
 * Proof that an answer belongs to its statement: each statement has its own mark as an additional parameter, and
 * every row of its answer begins with it. See docs/decisions/0012-answers.md.
 */
export interface MarkedStatement {
  text: string
  /**
   * `rows`: the rows are the statement's own. `marks`: it returns no rows of its own, only marks. `none`: it is of a
   * kind without rows, such as SET, and has no mark.
   */
  answers: 'rows' | 'marks' | 'none'
  /** A statement that returns one row, the mark, if this one returns none. For SELECT only, which can be repeated. */
  emptiness?: string
}

const processMark = randomBytes(6).toString('base64url')
let count = 0

/** @returns a value that no other statement has, in this process or another */
export function newMark(): string {
  return `${processMark}${(++count).toString(36)}`
}

/**
 * Makes each row of a statement's answer begin with a parameter.
 * @param text one statement with the parameters $1 … $n; scripts of several statements stay unchanged
 * @param parameters how many it has: the mark follows them
 */
export function markStatement(text: string, parameters: number): MarkedStatement {
  const statement = text.replace(/[\s;]+$/, '')
  const outline = outlineOf(statement)
  const mark = `$${parameters + 1}::text`
  const verb = /\b(?:select|insert|update|delete|merge)\b/i.exec(outline)
  if (!verb || outline.includes(';') || !/^\s*(?:select|insert|update|delete|merge|with)\b/i.test(outline)) {
    return { text, answers: 'none' }
  }
  if (verb[0].toLowerCase() === 'select') return markSelect(statement, outline, verb.index, mark)
  const returning = /\breturning\b/i.exec(outline)
  if (!returning) return { text: `${statement} returning ${mark} as mark`, answers: 'marks' }
  return { text: insertAt(statement, 'returning'.length + returning.index, ` ${mark} as mark,`), answers: 'rows' }
}

function markSelect(statement: string, outline: string, index: number, mark: string): MarkedStatement {
  return {
    text: isSimple(outline)
      ? insertAt(statement, 'select'.length + index, ` ${mark} as mark,`)
      : `select ${mark} as mark, q.* from (${statement}) q`,
    answers: 'rows',
    emptiness: `select ${mark} as mark where not exists (${statement})`,
  }
}

// An additional column would change what DISTINCT and the set operations compare, and which column a number in ORDER
// BY or GROUP BY means. A CTE begins with another keyword.
function isSimple(outline: string): boolean {
  return !/^\s*with\b|\b(?:distinct|union|intersect|except)\b|\bby\b.*[\s,]\d/is.test(outline)
}

function insertAt(text: string, index: number, part: string): string {
  return text.slice(0, index) + part + text.slice(index)
}
