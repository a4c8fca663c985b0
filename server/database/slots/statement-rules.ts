import { outlineOf } from './outline.ts'

/**
 * The rules that every statement keeps, so that tenants' schemas can be placed on other machines by Citus; see
 * docs/decisions/0024-past-one-machine.md. Tests check them with `CHECK_STATEMENTS=1`.
 */
interface Rule {
  name: string
  /** Whether it is also for the platform's schema, which always is on one machine with us. */
  isForPlatform: boolean
  isBrokenBy: (statement: Statement) => boolean
}

interface Statement {
  /** Without comments and literals, in lower case. */
  text: string
  /** The same at its top level: blank within parentheses. */
  outline: string
  schemas: string[]
}

const volatile = /\b(?:clock_timestamp|timeofday|random|gen_random_uuid|uuidv[47]|nextval|setval)\s*\(/
/** Also functions that are stable: the same within a statement, but not always. */
const changing =
  /\b(?:now|statement_timestamp|transaction_timestamp|to_char|to_jsonb?|row_to_json|age)\s*\(|\bcurrent_(?:date|time|timestamp|user)\b/

/** Stable functions of a value, and a column's date arithmetic, which depends on the time zone. */
const computing = [
  /\b(?:to_char|to_jsonb?|row_to_json|age)\s*\(/,
  /(?<![\w:$"])"?[a-z_]\w*"?\s*[-+]\s*(?:interval\b|make_interval\s*\()/,
]

const rules: Rule[] = [
  {
    name: 'one statement a call',
    isForPlatform: true,
    isBrokenBy: ({ outline }) => /;\s*\S/.test(outline),
  },
  {
    name: 'a statement names one schema',
    isForPlatform: true,
    isBrokenBy: ({ schemas }) => schemas.length > 1,
  },
  {
    name: 'no trigger',
    isForPlatform: true,
    isBrokenBy: ({ outline }) => /^\s*create\s+(?:or\s+replace\s+)?(?:constraint\s+)?trigger\b/.test(outline),
  },
  {
    name: 'no INSERT … SELECT, and no subquery in an INSERT',
    isForPlatform: false,
    isBrokenBy: ({ text, outline }) => isInsert(outline) && /\bselect\b/.test(text),
  },
  {
    name: 'only immutable functions in DO UPDATE',
    isForPlatform: false,
    isBrokenBy: ({ text }) => isChanging(partAfter(text, /\bdo\s+update\b/)),
  },
  {
    name: 'only immutable functions and no subquery in RETURNING',
    isForPlatform: false,
    isBrokenBy: ({ text }) => {
      const returned = partAfter(text, /\breturning\b/)
      return isChanging(returned) || /\bselect\b/.test(returned)
    },
  },
  {
    name: 'no volatile function in UPDATE and DELETE',
    isForPlatform: false,
    isBrokenBy: ({ text, outline }) => isChange(outline) && volatile.test(text),
  },
  {
    name: 'only immutable functions beside CASE and COALESCE in UPDATE and DELETE',
    isForPlatform: false,
    isBrokenBy: ({ text, outline }) => {
      const changed = text.split(/\breturning\b/)[0]!
      return isChange(outline) && /\b(?:case|coalesce)\b/.test(changed) && changing.test(changed)
    },
  },
  {
    name: 'no stable function of a column in UPDATE and DELETE',
    isForPlatform: false,
    isBrokenBy: ({ text, outline }) => {
      const changed = text.split(/\breturning\b/)[0]!
      return isChange(outline) && computing.some(pattern => pattern.test(changed))
    },
  },
]

const allowed = new Set<string>()

/** @throws Error when the statement breaks a rule */
export function requireAllowed(text: string): void {
  if (allowed.has(text)) return
  const broken = brokenRules(text)
  if (broken.length > 0) throw new Error(`The statement breaks rules (${broken.join('; ')}): ${text}`)
  allowed.add(text)
}

/** @returns the names of the rules that a statement breaks */
export function brokenRules(text: string): string[] {
  const bare = withoutLiterals(text).toLowerCase()
  const schemas = [...new Set([...bare.matchAll(schemaName)].map(([, name]) => name!))]
  const statement = {
    text: bare,
    outline: outlineOf(text)
      .replace(/[\s;]+$/, '')
      .toLowerCase(),
    schemas,
  }
  const isOfPlatform = schemas.length > 0 && schemas.every(name => !name.startsWith('t_'))
  return rules
    .filter(rule => (rule.isForPlatform || !isOfPlatform) && rule.isBrokenBy(statement))
    .map(rule => rule.name)
}

const schemaName = /(?<![\w."])"?(platform|pgboss|t_[a-z0-9_]{3,61})"?\s*\./g

function isInsert(outline: string): boolean {
  return /^\s*(?:with\b.*)?\binsert\b/s.test(outline)
}

function isChange(outline: string): boolean {
  return /^\s*(?:update|delete)\b/.test(outline)
}

function isChanging(part: string): boolean {
  return volatile.test(part) || changing.test(part)
}

function partAfter(text: string, word: RegExp): string {
  const found = word.exec(text)
  return found ? text.slice(found.index + found[0].length) : ''
}

function withoutLiterals(text: string): string {
  return text
    .replace(/'(?:[^']|'')*'|\$((?:[a-z_]\w*)?)\$[\s\S]*?\$\1\$/gi, "''")
    .replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
}
