import type { Client } from 'openapi-fetch'
import createFetchClient from 'openapi-fetch'
import { withKey } from './keys.ts'
import type { Retries } from './retries.ts'
import { sendSafely } from './retries.ts'
import type { Credentials, SessionOptions, Tokens } from './session.ts'
import { createSession } from './session.ts'
import type { paths as ConsolePaths } from './types/console.ts'
import type { paths as PortalPaths } from './types/portal.ts'
import type { paths as SitePaths } from './types/site.ts'

export { SignInError } from './session.ts'
export type { ConsolePaths, Credentials, PortalPaths, Retries, SitePaths, Tokens }

export interface ClientOptions {
  /** The host, such as `https://acme.example.com`. */
  baseUrl: string
  /** With these it signs in by itself, with the first call and when its session has ended. */
  credentials?: Credentials
  /** Called when the password is right and a second factor is required, with the methods that the user has. */
  secondFactor?: SessionOptions['secondFactor']
  /** Of a session that is open already, in place of the credentials. */
  tokens?: Tokens
  /** Called with every new pair of tokens, to keep it: a refresh token works once. */
  onTokens?: (tokens: Tokens) => unknown
  retries?: Retries
  /** The `fetch` to use, for tests and proxies. */
  fetch?: typeof fetch
}

/** A client of `openapi-fetch`, with `GET`, `POST` and so on, which also goes through all pages of a list. */
export type ApiClient<Paths extends object> = Client<Paths> & {
  /**
   * All rows of a list, one page after another.
   * @throws Error if a page is not answered with 200
   */
  rows<Row = Record<string, unknown>>(path: string, query?: Record<string, string>): AsyncGenerator<Row>
}

/** A client of an organisation's portal. */
export function createPortalClient(options: ClientOptions): ApiClient<PortalPaths> {
  return createClient<PortalPaths>(options)
}

/** A client of the operators' console. */
export function createConsoleClient(options: ClientOptions): ApiClient<ConsolePaths> {
  return createClient<ConsolePaths>(options)
}

/** A client of the site, which needs no credentials. */
export function createSiteClient(options: ClientOptions): ApiClient<SitePaths> {
  return createClient<SitePaths>(options)
}

function createClient<Paths extends object>({
  baseUrl,
  fetch: given = fetch,
  retries,
  ...session
}: ClientOptions): ApiClient<Paths> {
  const { access, renew } = createSession({ baseUrl, fetch: given, ...session })

  async function sendSigned(given: Request): Promise<Response> {
    const request = withKey(given)
    const token = await access()
    const response = await send(request, token)
    if (response.status !== 401 || !token || !(await renew(token))) return response
    return send(request, await access())
  }

  function send(request: Request, token: string | undefined): Promise<Response> {
    const signed = request.clone()
    if (token) signed.headers.set('authorization', `Bearer ${token}`)
    return sendSafely(signed, given, retries)
  }

  const client = createFetchClient<Paths>({ baseUrl, fetch: sendSigned })
  return Object.assign(client, { rows: (path: string, query = {}) => rowsOf<never>(baseUrl, path, query, sendSigned) })
}

async function* rowsOf<Row>(
  baseUrl: string,
  path: string,
  query: Record<string, string>,
  send: (request: Request) => Promise<Response>,
): AsyncGenerator<Row> {
  const first = new URL(path, baseUrl)
  first.search = new URLSearchParams({ page_size: '100', ...query }).toString()
  let next: string | null = first.href
  while (next) {
    const response = await send(new Request(next))
    if (!response.ok) throw new Error(`${next} was answered with ${response.status}.`)
    const page = (await response.json()) as { results: Row[]; next: string | null }
    yield* page.results
    // The server names its own origin, which may differ from the address that it is reached by.
    next = page.next && new URL(new URL(page.next).search, first).href
  }
}
