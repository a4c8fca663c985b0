import type { H3Event } from 'h3'
import { appendResponseHeader, getRequestHeader } from 'h3'
import type { NitroApp } from 'nitropack'
import { ApiFailure } from '#shared/api-failure'
import type { Answer, ApiOptions, Transport } from './transport'
import { filledQuery, parseJson, refreshPath } from './transport'

/**
 * Calls the API in-process for one page render, as the browser that asked for the page. A renewal happens at most
 * once per render; its cookies go to the browser with the page, and into the calls that follow.
 */
export function serverTransport(event: H3Event): Transport {
  // Set by server/plugins/html.ts. A tenth of a page's time less than $fetch, which makes requests and responses of it.
  const localCall = event.context.localCall as NitroApp['localCall']
  let cookies = ownCookies(getRequestHeader(event, 'cookie') ?? '')
  let renewal: Promise<boolean> | undefined

  const send = async (path: string, { method = 'GET', body, query }: ApiOptions): Promise<Answer> => {
    const {
      status,
      headers,
      body: text,
    } = await localCall({
      url: `/api/v1/${path}${filledQuery(query)}`,
      method,
      headers: headersFor(event, cookies, method, body !== undefined),
      body: body && JSON.stringify(body),
      context: event.context.inner,
    })
    return { status, body: parseJson(String(text ?? '')), cookies: [headers['set-cookie'] ?? []].flat().map(String) }
  }

  const renew = async () => {
    const { status, body, cookies: changes } = await send(refreshPath, { method: 'POST' })
    for (const cookie of changes) {
      appendResponseHeader(event, 'set-cookie', cookie)
      cookies = withCookie(cookies, cookie)
    }
    if (status !== 200 && status !== 401) throw new ApiFailure(status, body)
    return status === 200
  }

  return {
    send,
    renew: async () => (renewal ??= refreshCookie.test(cookies) ? renew() : Promise.resolve(false)),
    end: () => {},
  }
}

const refreshCookie = /(?:^|; )(?:__Host-)?tenantry_refresh=[^;]/

/** Of a Cookie header what the API reads. */
function ownCookies(header: string): string {
  return header
    .split(/[ \t]*;[ \t]*/)
    .filter(cookie => /^(?:__Host-)?tenantry_(?:access|refresh)=/.test(cookie))
    .join('; ')
}

/** What the API needs to know of the browser, and no more. */
function headersFor(event: H3Event, cookie: string, method: string, hasBody: boolean): Record<string, string> {
  return {
    'host': getRequestHeader(event, 'host') ?? '',
    'user-agent': getRequestHeader(event, 'user-agent') ?? '',
    ...(cookie && { cookie }),
    ...(hasBody && { 'content-type': 'application/json' }),
    ...(method !== 'GET' && { 'sec-fetch-site': 'same-origin' }),
  }
}

/** The Cookie header after a browser has taken this Set-Cookie; an emptied cookie is a deleted one. */
function withCookie(header: string, setCookie: string): string {
  const pair = setCookie.split(';', 1)[0]!.trim()
  const name = pair.slice(0, pair.indexOf('=') + 1)
  const others = header.split('; ').filter(other => other && !other.startsWith(name))
  return (pair === name ? others : [...others, pair]).join('; ')
}
