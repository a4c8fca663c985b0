export interface ApiOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON; a file as it is, with its own type, from the browser only. */
  body?: object | Blob
  /** Entries that are undefined, null or empty are left out. */
  query?: Record<string, string | number | boolean | null | undefined>
  signal?: AbortSignal
}

/** How calls leave this side: in-process on the server, over the network in the browser. */
export interface Transport {
  /** Gives any answer that came, also a refusal; throws an ApiFailure with status 0 where none did. */
  send: (path: string, options: ApiOptions) => Promise<Answer>
  /** Renews the tokens; false when the session is over. Throws an ApiFailure when it could not be found out. */
  renew: () => Promise<boolean>
  /** Called when an answer says that the session is over. */
  end: () => void
}

export interface Answer {
  status: number
  /** Parsed JSON; undefined where there was none. */
  body: unknown
  /** Set-Cookie values, which only the server sees. */
  cookies: string[]
}

export const refreshPath = 'auth/session/refresh/'

/** A query string with its `?`, or nothing; entries that are undefined, null or empty are left out. */
export function filledQuery(query: ApiOptions['query'] = {}): string {
  const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return filled.length > 0 ? `?${new URLSearchParams(filled.map(([name, value]) => [name, String(value)]))}` : ''
}

/** @returns undefined for what is no JSON: no body, or a page that some proxy answered with */
export function parseJson(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
