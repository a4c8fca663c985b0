/** What `auth/jwt/create/` and `auth/jwt/refresh/` answer. */
export interface Tokens {
  access: string
  refresh: string
}

export interface Credentials {
  email: string
  password: string
}

/** Proves that it is the user: one of an app's code, a recovery code, and what a passkey has signed. */
export interface SecondFactor {
  code?: string
  recovery_code?: string
  credential?: unknown
}

export interface SessionOptions {
  /** Such as `https://acme.example.com`. */
  baseUrl: string
  /** With these it signs in by itself, also when a session has ended. */
  credentials?: Credentials
  /** Called when the password is right and a second factor is required, with the methods that the user has. */
  secondFactor?: (methods: string[], challenge: string) => SecondFactor | Promise<SecondFactor>
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
    if (opened.ok) return keep(opened)
    const { challenge, methods = [], ...refusal } = await refusalOf(opened)
    if (!challenge || !options.secondFactor) throw new SignInError(opened.status, refusal.detail)
    const answered = await post('auth/jwt/second-factor/', {
      challenge,
      ...(await options.secondFactor(methods, challenge)),
    })
    if (!answered.ok) throw new SignInError(answered.status, (await refusalOf(answered)).detail)
    return keep(answered)
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

interface Refusal {
  detail: string
  challenge?: string
  methods?: string[]
}

async function refusalOf(response: Response): Promise<Refusal> {
  const body = (await response.json().catch(() => ({}))) as Partial<Refusal>
  return { detail: `HTTP ${response.status}`, ...body }
}
