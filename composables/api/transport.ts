export interface ApiOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON; a Blob is sent as it is, with its own type, from the browser only. */
  body?: object | Blob
  /** Entries that are undefined, null or empty are left out. */
  query?: Record<string, string | number | boolean | null | undefined>
  signal?: AbortSignal
  /** The entity tag of what a change is based on. */
  ifMatch?: string
}

/** How calls are sent: in-process on the server, over the network in the browser. */
export interface Transport {
  /** Returns every response, refusals included; throws an ApiFailure with status 0 if there was none. */
  send: (path: string, options: ApiOptions) => Promise<Answer>
  /** Refreshes the tokens; false if the session is over. Throws an ApiFailure if that could not be determined. */
  renew: () => Promise<boolean>
  /** Called when a response says that the session is over. */
  end: () => void
  /**
   * Lets users confirm that it is them, where a response requires it; false if they do not.
   * @param body of the response
   */
  confirm: (body: unknown) => Promise<boolean>
  /** Called when a response says that the session may only be used to add a second factor. */
  enrol: () => void
}

export interface Answer {
  status: number
  /** Parsed JSON; undefined if there was none. */
  body: unknown
  /** Set-Cookie values; only the server can see them. */
  cookies: string[]
}

export const refreshPath = 'auth/session/refresh/'

/** A query string with its `?`, or an empty text; entries that are undefined, null or empty are left out. */
export function filledQuery(query: ApiOptions['query'] = {}): string {
  const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return filled.length > 0 ? `?${new URLSearchParams(filled.map(([name, value]) => [name, String(value)]))}` : ''
}

/** @returns undefined for text that is not JSON: no body, or an error page of a proxy */
export function parseJson(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
