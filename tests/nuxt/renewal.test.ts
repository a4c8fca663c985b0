import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ApiFailure } from '#shared/api-failure'
import { browserTransport } from '~/composables/api/browser'

/** A server with one valid access token at a time, and tabs that share cookies. */
function startServer(options: { refresh?: () => Response } = {}) {
  const calls: string[] = []
  const state = { isFresh: true, renewals: 0 }
  const renew = () => {
    state.isFresh = true
    state.renewals += 1
    return json(200, { expires_at: `2026-11-24T10:00:0${state.renewals}Z` })
  }
  vi.stubGlobal('fetch', async (input: Request | string) => {
    const path = new URL(String(input instanceof Request ? input.url : input), 'http://acme.test').pathname.replace(
      '/api/v1/',
      '',
    )
    calls.push(path)
    await new Promise(resolve => setTimeout(resolve, 5))
    if (path === 'auth/session/refresh/') return options.refresh?.() ?? renew()
    if (path === 'auth/session/') return json(401, { detail: 'No active account found with the given credentials' })
    if (path === 'home/') return json(401, { detail: 'Session has ended.', code: 'session_revoked' })
    return state.isFresh ? json(200, { ok: true }) : json(401, { detail: 'Token is expired', code: 'token_not_valid' })
  })
  return { calls, state }
}

function json(status: number, body: object) {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}

function openTab(confirm = async (_: unknown) => false) {
  const page = { isSignedIn: () => true, end: vi.fn(), confirm: vi.fn(confirm), enrol: vi.fn() }
  return { api: createApi(browserTransport(page)), ...page }
}

/** A network that fails for one path, in the way in which `fetch` reports it. */
function failOn(path: string, send: typeof fetch): typeof fetch {
  return async (input, init) => {
    if (String(input).includes(path)) throw new TypeError('Failed to fetch')
    return send(input, init)
  }
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    error => error as ApiFailure,
  )

/** Web Locks, which the test's DOM lacks: one holder at a time; waiting can be aborted. */
function grantLocks() {
  let last: Promise<unknown> = Promise.resolve()
  vi.stubGlobal('navigator', {
    ...navigator,
    locks: {
      request: (_name: string, _options: object, task: () => Promise<unknown>) => (last = last.then(task, task)),
    },
  })
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a call with a stale access token', () => {
  it('is repeated once after one renewal', async () => {
    const { calls, state } = startServer()
    state.isFresh = false
    expect(await openTab().api('users/')).toEqual({ ok: true })
    expect(calls).toEqual(['users/', 'auth/users/me/', 'auth/session/refresh/', 'users/'])
  })

  it('shares the renewal with the other calls of its tab', async () => {
    const { state } = startServer()
    state.isFresh = false
    const { api } = openTab()
    await Promise.all([api('users/'), api('departments/'), api('sessions/')])
    expect(state.renewals).toBe(1)
  })

  it('shares the renewal with the other tabs', async () => {
    grantLocks()
    const { state } = startServer()
    state.isFresh = false
    const tabs = [openTab(), openTab(), openTab()]
    await Promise.all(tabs.map(({ api }) => api('users/')))
    expect(state.renewals).toBe(1)
    for (const { end } of tabs) expect(end).not.toHaveBeenCalled()
  })

  it('is never repeated twice', async () => {
    const { calls, state } = startServer({ refresh: () => json(200, { expires_at: 'now, but the token is no good' }) })
    state.isFresh = false
    const { api, end } = openTab()
    expect((await failureOf(api('users/')))?.status).toBe(401)
    expect(calls).toEqual(['users/', 'auth/users/me/', 'auth/session/refresh/', 'users/'])
    expect(end).not.toHaveBeenCalled()
  })
})

describe('a renewal that fails', () => {
  it('ends the session when the server says that it is over', async () => {
    const { state } = startServer({
      refresh: () => json(401, { detail: 'Session has ended.', code: 'session_revoked' }),
    })
    state.isFresh = false
    const { api, end } = openTab()
    expect((await failureOf(api('users/')))?.status).toBe(401)
    expect(end).toHaveBeenCalledOnce()
  })

  it.each([429, 500, 503])('does not end the session for a %i', async status => {
    const { state } = startServer({ refresh: () => json(status, { detail: 'Later.' }) })
    state.isFresh = false
    const { api, end } = openTab()
    expect((await failureOf(api('users/')))?.status).toBe(status)
    expect(end).not.toHaveBeenCalled()
  })

  it('does not end the session when the network is away', async () => {
    const { state } = startServer()
    vi.stubGlobal('fetch', failOn('auth/session/refresh/', fetch))
    state.isFresh = false
    const { api, end } = openTab()
    expect((await failureOf(api('users/')))?.status).toBe(0)
    expect(end).not.toHaveBeenCalled()
  })

  it('does not end the session of a tab that lost a race against another', async () => {
    const { state } = startServer({
      refresh: () => {
        state.isFresh = true
        return json(401, { detail: 'Token is blacklisted', code: 'token_not_valid' })
      },
    })
    state.isFresh = false
    const { api, end } = openTab()
    expect(await api('users/')).toEqual({ ok: true })
    expect(end).not.toHaveBeenCalled()
  })
})

describe('a refusal that no renewal can help', () => {
  it('of a wrong password is just told', async () => {
    const { calls } = startServer()
    const { api, end } = openTab()
    expect((await failureOf(api('auth/session/', { method: 'POST', body: { email: '', password: '' } })))?.status).toBe(
      401,
    )
    expect(calls).toEqual(['auth/session/'])
    expect(end).not.toHaveBeenCalled()
  })

  it('of an ended session ends it here too', async () => {
    const { calls } = startServer()
    const { api, end } = openTab()
    expect((await failureOf(api('home/')))?.code).toBe('session_revoked')
    expect(calls).toEqual(['home/'])
    expect(end).toHaveBeenCalledOnce()
  })
})

describe('a refusal that asks users to confirm that it is them', () => {
  const refusal = { detail: 'Please confirm that it is you.', code: 'reauthentication_required', methods: ['password'] }

  /** A server that refuses until somebody has confirmed it, and a tab whose user decides. */
  function open(decide: () => Promise<boolean>) {
    const calls: string[] = []
    const state = { isConfirmed: false }
    vi.stubGlobal('fetch', async (input: string) => {
      calls.push(input.replace('/api/v1/', ''))
      return state.isConfirmed ? json(200, { ok: true }) : json(403, refusal)
    })
    const tab = openTab(async () => (state.isConfirmed = await decide()))
    return { calls, ...tab }
  }

  it('is asked, and the call is repeated by itself', async () => {
    const { api, calls, confirm } = open(async () => true)
    expect(await api('users/')).toEqual({ ok: true })
    expect(calls).toEqual(['users/', 'users/'])
    expect(confirm).toHaveBeenCalledExactlyOnceWith(refusal)
  })

  it('is asked once for calls that are made together', async () => {
    const { api, confirm } = open(() => new Promise(resolve => setTimeout(() => resolve(true), 20)))
    expect(await Promise.all([api('users/'), api('departments/')])).toEqual([{ ok: true }, { ok: true }])
    expect(confirm).toHaveBeenCalledOnce()
  })

  it('is told as it is when they do not, and asked again the next time', async () => {
    const { api, calls, confirm } = open(async () => false)
    expect(await failureOf(api('users/'))).toMatchObject({ status: 403, message: refusal.detail })
    expect(calls).toEqual(['users/'])
    await failureOf(api('users/'))
    expect(confirm).toHaveBeenCalledTimes(2)
  })

  it('and another refusal asks nothing', async () => {
    vi.stubGlobal('fetch', async () => json(403, { detail: 'You may not.' }))
    const { api, confirm, enrol } = openTab()
    expect((await failureOf(api('users/')))?.status).toBe(403)
    expect(confirm).not.toHaveBeenCalled()
    expect(enrol).not.toHaveBeenCalled()
  })
})

describe('a refusal of a session that may only add a second factor', () => {
  it('leads there', async () => {
    vi.stubGlobal('fetch', async () =>
      json(403, { detail: 'Add one first.', code: 'second_factor_enrolment_required' }),
    )
    const { api, end, enrol } = openTab()
    expect((await failureOf(api('users/')))?.status).toBe(403)
    expect(enrol).toHaveBeenCalledOnce()
    expect(end).not.toHaveBeenCalled()
  })
})
