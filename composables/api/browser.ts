import type { ApiOptions } from '../useApi'
import type { Answer, Door } from './door'
import { ApiFailure } from '#shared/api-failure'
import { filledQuery, parseJson, refreshPath } from './door'

/**
 * Calls the API over the network with the browser's own cookies. All tabs share them, so they share the renewal as
 * well: whoever gets the lock first renews, the others see a new time of expiry and just repeat their call.
 * @param end called when the session is over, never for a lost race or a failing network
 */
export function browserDoor(end: () => void): Door {
  const expiry = sharedExpiry()
  let renewal: Promise<boolean> | undefined

  const renew = async (seen: string | null) => {
    if (expiry.read() !== seen) return true
    const { status, body } = await send(refreshPath, { method: 'POST' })
    if (status === 200) {
      expiry.write((body as { expires_at: string }).expires_at)
      return true
    }
    if (status !== 401) throw new ApiFailure(status, body)
    // A tab that did not wait for the lock may have been first; then its cookies are this tab's too.
    if (expiry.read() !== seen) return true
    end()
    return false
  }

  return {
    look: expiry.read,
    send,
    renew: seen => renewal ??= oneAtATime(() => renew(seen)).finally(() => renewal = undefined),
    end,
  }
}

async function send(path: string, { method = 'GET', body, query, signal }: ApiOptions): Promise<Answer> {
  const limit = AbortSignal.timeout(30_000)
  try {
    const response = await fetch(`/api/v1/${path}${filledQuery(query)}`, {
      method,
      body: body && JSON.stringify(body),
      headers: { accept: 'application/json', ...body && { 'content-type': 'application/json' } },
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    return { status: response.status, body: parseJson(await response.text()), cookies: [] }
  }
  catch (error) {
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
  }
  catch (error) {
    if (entered) throw error
    return task()
  }
}

/** When the access token ends, as text: compared with itself only, as this machine's clock may be wrong. */
function sharedExpiry() {
  const key = 'tenantry.access_expires_at'
  let own: string | null = null
  return {
    read: () => {
      try {
        return localStorage.getItem(key) ?? own
      }
      catch {
        return own
      }
    },
    write: (time: string) => {
      own = time
      try {
        localStorage.setItem(key, time)
      }
      catch { /* Storage is full or forbidden: this tab then renews for itself. */ }
    },
  }
}
