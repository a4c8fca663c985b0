import { readFileSync } from 'node:fs'
import { secretsOf } from './oracle.ts'

interface Line {
  level: string
  event?: string
  [field: string]: unknown
}

/** What was sent to each server, by its port, that no log may repeat. */
const sent = new Map<number, Set<string>>()
/** Of a server with more, only the first are searched for: a log is searched for each. */
const sentLimit = 300

/** Learns from a request what its server must not log: passwords, the tokens of links, and idempotency keys. */
export function watchRequest(port: number, text: string): void {
  const known = sent.get(port) ?? new Set()
  sent.set(port, known)
  const found = [...text.matchAll(secretField)].map(([, secret]) => secret!)
  for (const secret of found) if (known.size < sentLimit && !isPlain(secret)) known.add(secret)
}

/** For a test that sends one text as a password and as anything else. */
export function forgetSent(port: number): void {
  sent.delete(port)
}

// Shorter texts, ids and numbers can be in a line by chance.
const secretField = /"(?:\w*password|token|refresh|idempotency-key)"\s*:\s*"([^"\\]{12,})"/gi

function isPlain(text: string): boolean {
  return /^[0-9a-f-]*$/i.test(text)
}

/**
 * Looks at the whole log of a server, whatever its test is about: every line is a documented event in JSON, and none
 * has a secret or an e-mail address.
 * @param isCut whether the last line may be incomplete, because the server was killed
 * @throws Error if one has
 */
export function inspectLog(port: number, lines: Line[], isCut = false): void {
  const complete = isCut && lines.at(-1)?.level === 'text' ? lines.slice(0, -1) : lines
  const whole = complete.filter(({ text }) => !ofInspector.test(String(text)))
  const fault = findForm(whole) ?? findSent(port, whole) ?? whole.map(faultOf).find(found => found !== undefined)
  if (fault) throw new Error(`The log contains ${fault}`)
}

/** What Node.js prints when a test looks at the heap of a server. */
const ofInspector = /^(?:Debugger (?:listening on ws:|attached|ending)|For help, see: https:\/\/nodejs\.org)/

const forms: [name: string, pattern: RegExp][] = [
  ['a token', /\beyJ[\w-]+\.[\w-]+/],
  // Tokens of links have 43 characters, signatures 86.
  ['what looks like a token', /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{40,}/],
  ['a hash', /\$2[aby]\$\d\d\$|\b[0-9a-f]{64}\b/],
  ['a private key', /PRIVATE KEY-----|\\?"d\\?":\s*\\?"[\w-]{43}/],
  ['the parameters of a statement', /Failed query|\bparams:/],
  ['a URL with a password', /\w:\/\/[^\s/@:]*:[^\s/@]+@/],
]

function findForm(lines: Line[]): string | undefined {
  const text = lines.map(line => JSON.stringify(line)).join('\n')
  const [name, pattern] = forms.find(([, pattern]) => pattern.test(text)) ?? []
  return name && `${name}: ${lineAt(text, pattern!.exec(text)!.index)}`
}

function findSent(port: number, lines: Line[]): string | undefined {
  const text = lines.map(line => JSON.stringify(line)).join('\n')
  const found = [...secretsOf(port), ...(sent.get(port) ?? [])].find(secret => text.includes(secret))
  return found && `a secret that was sent: ${lineAt(text, text.indexOf(found))}`
}

function lineAt(text: string, index: number): string {
  return text.slice(text.lastIndexOf('\n', index) + 1).split('\n', 1)[0]!
}

const row = /^\| `(\w+)` \| (?:debug|info|warn|error|fatal|as printed) \|/gm
const rows = readFileSync('docs/operations.md', 'utf8').matchAll(row)
const documented = new Set([...rows].map(([, event]) => event))

// A mail server's refusal names the recipient.
const mayNameAddress = /^mail_delivery_(?:failed|abandoned)$/

function faultOf(line: Line): string | undefined {
  const text = JSON.stringify(line)
  if (line.level === 'text') return `a line that is not JSON: ${text}`
  if (!documented.has(line.event) || !line.time) return `a line without a documented event: ${text}`
  const hasAddress = /[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/i.test(text)
  return hasAddress && !mayNameAddress.test(line.event!) ? `an e-mail address: ${text}` : undefined
}
