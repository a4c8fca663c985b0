import { randomUUID } from 'node:crypto'
import type { H3Event } from 'h3'
import { getHeader, getRequestHeader, send, setResponseHeader, setResponseHeaders, setResponseStatus } from 'h3'
import { useNitroApp } from 'nitropack/runtime'
import type { ApiFailure } from '#shared/api-failure.ts'
import { cookieName } from '#shared/cookies.ts'
import type { Language } from '#shared/dates.ts'
import { languages } from '#shared/dates.ts'
import { ApiError, notFound, unavailable } from '#shared/errors.ts'
import { preferredLanguage } from '#shared/preferred-language.ts'
import { describeError, isConnectionError, isTimeout } from './database/errors.ts'
import { barePagePolicy, bareErrorPage } from './http/bare-error-page.ts'
import { countAnswer } from './http/answer/count-answer.ts'
import { isApiPath } from './http/methods.ts'
import { withoutToken } from './http/token-paths.ts'
import { log } from './log.ts'
import { processConfig } from './process-config.ts'

/** Renders every error: in DRF's shapes for API clients, as a page for browsers. */
export default async function renderError(error: Error, event: H3Event): Promise<void> {
  if (event.handled) return
  // A missing static file is rejected before the first middleware runs.
  event.context.request_id ??= randomUUID()
  const answer = answerTo(error, event)
  setResponseHeaders(event, {
    'x-request-id': event.context.request_id,
    'cache-control': 'private, no-store',
    ...answer.headers,
  })
  setResponseStatus(event, answer.status)
  countAnswer(event, answer.status)
  // The renderer would put the path into the reason phrase; Node.js's default is enough.
  event.node.res.statusMessage = ''
  if (answer.status === 204) return send(event)
  if (wantsPage(event) && !answer.headers.location) return sendPage(event, answer.status)
  setResponseHeader(event, 'content-type', 'application/json')
  return send(event, JSON.stringify(answer.body))
}

/** As pages do: the language chosen in this browser, else the browser's. */
function languageOf(event: H3Event): Language {
  const start = `${cookieName('locale', processConfig().protocol === 'https')}=`
  const cookie = (getHeader(event, 'cookie') ?? '').split('; ').find(part => part.startsWith(start))
  const chosen = languages.find(language => start + language === cookie)
  return chosen ?? preferredLanguage(getHeader(event, 'accept-language') ?? '')
}

/** An ApiError contains its response; other errors are defects, or faults of the database. */
function answerTo(error: Error, event: H3Event): ApiError {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApiError) return logged(cause, error, event)
    // The API's answer to a page that is being rendered.
    if (cause.name === 'ApiFailure') return passedOn((cause as ApiFailure).status)
  }
  if (isConnectionError(error) || isTimeout(error)) return logged(unavailable(), error, event)
  const status = (error as { statusCode?: number }).statusCode
  if (status === 404) return notFound()
  if (status !== undefined && status >= 400 && status < 500) return new ApiError(status, { detail: 'Bad request.' })
  logDefect(error, event)
  return new ApiError(500, { detail: 'A server error occurred.' })
}

function logDefect(error: Error, event: H3Event): void {
  log().error({
    event: 'request_failed',
    request_id: event.context.request_id,
    trace_id: event.context.trace_id,
    path: withoutToken(event.path),
    err: describeError(error),
  })
}

function passedOn(status: number): ApiError {
  return status >= 400 && status < 500 ? new ApiError(status, { detail: 'Bad request.' }) : unavailable()
}

function logged(answer: ApiError, error: Error, event: H3Event): ApiError {
  const reason = [answer.cause, error.cause, error].find(cause => cause instanceof Error)!
  if (answer.status >= 500 && answer.body.code !== 'maintenance')
    log().warn({
      event: 'request_rejected',
      request_id: event.context.request_id,
      trace_id: event.context.trace_id,
      status: answer.status,
      reason: describeError(reason).message,
    })
  return answer
}

function wantsPage(event: H3Event): boolean {
  return !isApiPath(event.path) && (getRequestHeader(event, 'accept') ?? '').includes('text/html')
}

async function sendPage(event: H3Event, status: number): Promise<void> {
  setResponseHeader(event, 'content-type', 'text/html;charset=utf-8')
  const page =
    event.context.inner && !event.path.startsWith('/__nuxt_error') ? await renderApp(event, status) : undefined
  if (page) return send(event, page)
  setResponseHeaders(event, { 'content-security-policy': barePagePolicy, 'cross-origin-opener-policy': 'same-origin' })
  return send(event, bareErrorPage(status, { language: languageOf(event), standing: event.context.standing }))
}

// Keeps the path, so that the user can correct it or try again; a path that no page of ours can have is not repeated.
function addressOf({ path }: H3Event): string {
  return /^\/(?!\/)(?:[\w./~?=&+@:,-]|%20|%[89A-F][0-9A-F])*$/i.test(path) ? path : '/'
}

/** Renders the application's error page in an internal request; undefined if that fails too. */
async function renderApp(event: H3Event, status: number): Promise<string | undefined> {
  try {
    const response = await fetchErrorPage(event, status)
    for (const name of ['content-security-policy', 'cross-origin-opener-policy']) {
      const value = response.headers.get(name)
      if (value) setResponseHeader(event, name, value)
    }
    return await response.text()
  } catch {
    return undefined
  }
}

function fetchErrorPage(event: H3Event, status: number): Promise<Response> {
  const url = `/__nuxt_error?statusCode=${status}&url=${encodeURIComponent(addressOf(event))}`
  const headers = {
    'host': getHeader(event, 'host') ?? '',
    'cookie': getHeader(event, 'cookie') ?? '',
    'accept-language': getHeader(event, 'accept-language') ?? '',
    'accept': 'text/html',
  }
  return useNitroApp().localFetch(url, { headers, context: event.context.inner } as RequestInit)
}
