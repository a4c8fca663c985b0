import { ApiFailure } from '#shared/api-failure'
import { signedInHeader } from '#shared/signed-in-header'
import type { Answer, ApiOptions, Transport } from './transport'
import { filledQuery, parseJson, refreshPath } from './transport'

/** What a page does for its calls. */
interface Page {
  /** Whether it shows a signed-in user. */
  isSignedIn: () => boolean
  /** Called when the session is over, never for a lost race or a network failure. */
  end: () => void
  confirm: Transport['confirm']
  enrol: Transport['enrol']
}

/**
 * Calls the API over the network with the browser's cookies. All tabs share the cookies, so they also share the
 * refresh: the tab that gets the lock refreshes; the others find valid cookies and repeat their call. Calls that are
 * made at the same time share one confirmation.
 */
export function browserTransport({ isSignedIn, end, confirm, enrol }: Page): Transport {
  let renewal: Promise<boolean> | undefined
  let confirmation: Promise<boolean> | undefined
  const send: Transport['send'] = (path, options) => sendAs(isSignedIn(), path, options)

  const renew = async () => {
    if (await isRenewed(send)) return true
    const { status, body } = await send(refreshPath, { method: 'POST' })
    if (status === 200) return true
    if (status !== 401) throw new ApiFailure(status, body)
    // Another tab, which did not wait for the lock, may have refreshed first.
    if (await isRenewed(send)) return true
    end()
    return false
  }

  return {
    send,
    renew: () => (renewal ??= oneAtATime(renew).finally(() => (renewal = undefined))),
    end,
    confirm: body => (confirmation ??= confirm(body).finally(() => (confirmation = undefined))),
    enrol,
  }
}

// Asks the server: localStorage and broadcast channels may be behind the cookies.
async function isRenewed(send: Transport['send']): Promise<boolean> {
  return (await send('auth/users/me/', {})).status !== 401
}

async function sendAs(
  isSignedIn: boolean,
  path: string,
  { method = 'GET', body, query, signal, ifMatch }: ApiOptions,
): Promise<Answer> {
  // An upload takes as long as the connection needs; the server's own limit is shorter.
  const limit = AbortSignal.timeout(body instanceof Blob ? 60_000 : 30_000)
  try {
    const response = await fetch(`/api/v1/${path}${filledQuery(query)}`, {
      method,
      ...contentOf(body, { ...(isSignedIn && { [signedInHeader]: '1' }), ...(ifMatch && { 'if-match': ifMatch }) }),
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    return { status: response.status, body: parseJson(await response.text()), cookies: [] }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw new ApiFailure(0, {}, { cause: error })
  }
}

function contentOf(body: ApiOptions['body'], given: Record<string, string>): Pick<RequestInit, 'body' | 'headers'> {
  const headers = { accept: 'application/json', ...given }
  if (body === undefined) return { headers }
  if (body instanceof Blob) return { body, headers: { ...headers, 'content-type': body.type } }
  return { body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } }
}

/** Runs a task while no other tab runs one. After 5 s, or without Web Locks, it runs anyway. */
async function oneAtATime<T>(task: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return task()
  let entered = false
  const enter = () => {
    entered = true
    return task()
  }
  try {
    return await navigator.locks.request('tenantry-refresh', { signal: AbortSignal.timeout(5_000) }, enter)
  } catch (error) {
    if (entered) throw error
    return task()
  }
}
