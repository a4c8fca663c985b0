import { ApiFailure } from '#shared/api-failure'
import type { Answer, ApiOptions, Transport } from './transport'
import { filledQuery, parseJson, refreshPath } from './transport'

/**
 * Calls the API over the network with the browser's own cookies. All tabs share them, so they share the renewal as
 * well: whoever gets the lock first renews, the others find that their cookies are good again and just repeat their
 * call.
 * @param end called when the session is over, never for a lost race or a failing network
 */
export function browserTransport(end: () => void): Transport {
  let renewal: Promise<boolean> | undefined

  const renew = async () => {
    if (await isRenewed()) return true
    const { status, body } = await send(refreshPath, { method: 'POST' })
    if (status === 200) return true
    if (status !== 401) throw new ApiFailure(status, body)
    // A tab that did not wait for the lock may have been first.
    if (await isRenewed()) return true
    end()
    return false
  }

  return { send, renew: () => (renewal ??= oneAtATime(renew).finally(() => (renewal = undefined))), end }
}

// Asked of the server: between tabs, localStorage and channels may lag behind the cookies.
async function isRenewed(): Promise<boolean> {
  return (await send('auth/users/me/', {})).status !== 401
}

async function send(path: string, { method = 'GET', body, query, signal }: ApiOptions): Promise<Answer> {
  // A file takes as long as the line lets it; the server gives up first.
  const limit = AbortSignal.timeout(body instanceof Blob ? 60_000 : 30_000)
  try {
    const response = await fetch(`/api/v1/${path}${filledQuery(query)}`, {
      method,
      body: body instanceof Blob ? body : body && JSON.stringify(body),
      headers: {
        accept: 'application/json',
        ...(body && { 'content-type': body instanceof Blob ? body.type : 'application/json' }),
      },
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    return { status: response.status, body: parseJson(await response.text()), cookies: [] }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw new ApiFailure(0, {}, { cause: error })
  }
}

/** Runs a task while no other tab runs it; after 5 s, or without Web Locks, it runs all the same. */
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
