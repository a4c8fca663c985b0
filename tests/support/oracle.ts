/** What an answer is the answer to. */
export interface Asked {
  port: number
  host: string
  method: string
  path: string
  /** Its head and body as text. */
  sent: string
}

interface Answer {
  status: number
  text: string
  cookies: Record<string, string>
}

/** The secrets of each server, by its port. */
const secrets = new Map<number, string[]>()
// By a host's name and port, or, for the console's answers about one organisation, by its id.
const foreign = new Map<string, string[]>()

/** Learns a server's secrets from its environment. */
export function watchSecrets(port: number, env: Record<string, string>): void {
  const { SECRET, SECRET_FALLBACK, PEPPER, PEPPER_FALLBACK, DATABASE_URL, SMTP_URL } = env
  const passwords = [DATABASE_URL, SMTP_URL].map(url => (url ? URL.parse(url)?.password : undefined))
  secrets.set(
    port,
    [SECRET, SECRET_FALLBACK, PEPPER, PEPPER_FALLBACK, DATABASE_URL, ...passwords].filter(
      text => text !== undefined && text.length > 8,
    ) as string[],
  )
}

/** The secrets of a server's environment. */
export function secretsOf(port: number): string[] {
  return secrets.get(port) ?? []
}

/** Adds texts that no answer may contain. @param place a host with its port, or the id of an organisation */
export function forbid(place: string, marks: string[]): void {
  foreign.set(place, [...(foreign.get(place) ?? []), ...marks])
}

/**
 * Looks at an answer, whatever its test is about: no secret, no byte of another organisation, no undeclared field of an
 * error. The server itself checks other answers, with CHECK_ANSWERS.
 * @throws Error if there is one
 */
export function inspect(asked: Asked, answer: Answer): void {
  const fault = findFault(asked, answer) ?? findUndeclared(asked, answer)
  if (fault) throw new Error(`The answer to ${asked.method} ${asked.path} at ${asked.host} contains ${fault}`)
}

function findFault(asked: Asked, { text, cookies }: Answer): string | undefined {
  const everything = [text, ...Object.values(cookies)].join('\n')
  return (
    findSecret(asked, everything) ??
    findToken(asked, text, cookies) ??
    // What the sender has sent may return.
    marksFor(asked).find(mark => everything.includes(mark) && !asked.sent.includes(mark))
  )
}

const secretForms: [name: string, pattern: RegExp][] = [
  ['a hash of a password', /\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}/],
  ['a private key', /PRIVATE KEY-----|"d":\s*"[\w-]{43}"/],
  ['a detail of the database', /Failed query|SQLSTATE|PostgresError/],
]

function findSecret({ port, sent }: Asked, text: string): string | undefined {
  const own = secretsOf(port).some(secret => text.includes(secret))
  if (own) return "a secret of the server's environment"
  const form = secretForms.find(([, pattern]) => pattern.test(text) && !pattern.test(sent))
  return form ? form[0] : findPassword(sent, text)
}

function findPassword(sent: string, text: string): string | undefined {
  const passwords = [...sent.matchAll(/password"\s*:\s*"([^"\\]{12,})"/g)].map(([, password]) => password!)
  // It may be what another field has too.
  const isElsewhere = (password: string) => sent.split(password).length > 2
  return passwords.some(password => text.includes(password) && !isElsewhere(password))
    ? 'the password that was sent'
    : undefined
}

/** Tokens are in the answers of the endpoints that issue them, and cookies in those of browser sessions. */
function findToken({ path, sent }: Asked, text: string, cookies: Record<string, string>): string | undefined {
  const inText = /^\/api\/v1\/auth\/jwt\/(?:create|refresh|second-factor|passkey)\/?$/.test(path) ? [] : tokensIn(text)
  const found = inText.find(token => !sent.includes(token))
  if (found) return 'a token'
  const inCookies = Object.values(cookies).some(cookie => tokensIn(cookie).length > 0)
  return inCookies && !path.startsWith('/api/v1/auth/session/') && path.startsWith('/api/') ? 'a cookie' : undefined
}

function tokensIn(text: string): string[] {
  return [...text.matchAll(/\beyJ[\w-]+\.([\w-]+)\.[\w-]+/g)]
    .filter(([, payload]) => Buffer.from(payload!, 'base64url').includes('"token_type"'))
    .map(([token]) => token)
}

/** Errors have the fields of docs/api.md, or messages by field. */
function findUndeclared({ path }: Asked, { status, text }: Answer): string | undefined {
  if (status < 400 || !path.startsWith('/api/') || !text.startsWith('{')) return undefined
  const { detail, code, messages, current, challenge, methods, ...others } = JSON.parse(text) as Record<string, unknown>
  if (typeof detail === 'string') return Object.keys(others)[0]
  return Object.entries({ detail, code, messages, current, challenge, methods, ...others }).find(
    ([, value]) => value !== undefined && !isMessages(value),
  )?.[0]
}

function isMessages(value: unknown): boolean {
  return Array.isArray(value) && value.every(message => typeof message === 'string')
}

function marksFor({ host, path }: Asked): string[] {
  const [, tenant] = /^\/api\/v1\/tenants\/([0-9a-f-]{36})\//.exec(path) ?? []
  return foreign.get(host) ?? foreign.get(tenant ?? '') ?? []
}
