/** What `auth/jwt/create/` and `auth/jwt/refresh/` answer. */
export interface Tokens {
  access: string
  refresh: string
}

export interface Credentials {
  email: string
  password: string
}

export interface SessionOptions {
  /** Such as `https://acme.example.com`. */
  baseUrl: string
  /** With these it signs in by itself, also when a session has ended. */
  credentials?: Credentials
  /** Of a session that is open already. */
  tokens?: Tokens
  /** Called with every new pair, to keep it: a refresh token works once. */
  onTokens?: (tokens: Tokens) => unknown
  fetch: typeof fetch
}

/** Signing in failed, or there is nothing to sign in with. */
export class SignInError extends Error {
  readonly status: number

  constructor(status: number, detail: string) {
    super(detail)
    this.name = 'SignInError'
    this.status = status
  }
}

/** The tokens of a client, which are renewed once for all calls that need it. */
export function createSession(options: SessionOptions) {
  let tokens = options.tokens
  let renewal: Promise<Tokens | undefined> | undefined

  /** @returns the access token; undefined for a client without credentials */
  async function access(): Promise<string | undefined> {
    if (!tokens && options.credentials) await renew(undefined)
    return tokens?.access
  }

  /**
   * Renews the tokens, unless another call has done so since.
   * @param used the access token that was refused
   * @returns whether there is another one now
   */
  async function renew(used: string | undefined): Promise<boolean> {
    if (tokens && tokens.access !== used) return true
    renewal ??= open().finally(() => (renewal = undefined))
    return (await renewal) !== undefined
  }

  async function open(): Promise<Tokens | undefined> {
    const renewed = tokens && (await post('auth/jwt/refresh/', { refresh: tokens.refresh }))
    if (renewed?.ok) return keep(renewed)
    // The server is busy; the tokens may still be good.
    if (renewed && renewed.status !== 401) return undefined
    tokens = undefined
    if (!options.credentials) return undefined
    const opened = await post('auth/jwt/create/', options.credentials)
    if (!opened.ok) throw new SignInError(opened.status, await detailOf(opened))
    return keep(opened)
  }

  async function keep(response: Response): Promise<Tokens> {
    tokens = (await response.json()) as Tokens
    await options.onTokens?.(tokens)
    return tokens
  }

  function post(path: string, body: object): Promise<Response> {
    return options.fetch(new URL(`/api/v1/${path}`, options.baseUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  return { access, renew }
}

async function detailOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as { detail?: string }
  return body.detail ?? `HTTP ${response.status}`
}
