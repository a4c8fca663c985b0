import type { H3Event } from 'h3'
import { getHeader, setCookie } from 'h3'
import type { Config } from '#server/config.ts'
import type { RememberedDevice } from '#server/domain/factors/devices.ts'
import type { TokenPair } from '#server/domain/sessions/open.ts'
import { cookieName } from '#shared/cookies.ts'

export function cookieNames(config: Config) {
  const isHttps = config.protocol === 'https'
  return {
    access: cookieName('access', isHttps),
    refresh: cookieName('refresh', isHttps),
    device: cookieName('device', isHttps),
  }
}

/** The session's, and the remembered browser's. */
type AuthCookies = Record<'access' | 'refresh' | 'device', string | undefined>

/** @returns the auth cookies of the request; `findCookieFault` has made sure that there is at most one of each */
export function readSessionCookies(event: H3Event, config: Config): AuthCookies {
  const names = cookieNames(config)
  const pairs = cookiePairs(getHeader(event, 'cookie'))
  const valueOf = (name: string) => pairs.find(pair => pair.name === name)?.value || undefined
  return { access: valueOf(names.access), refresh: valueOf(names.refresh), device: valueOf(names.device) }
}

export function setSessionCookies(event: H3Event, config: Config, pair: TokenPair): void {
  const names = cookieNames(config)
  setCookie(event, names.access, pair.access.token, { ...attributes(config), expires: pair.access.expires_at })
  setCookie(event, names.refresh, pair.refresh.token, { ...attributes(config), expires: pair.refresh.expires_at })
}

/** Remembers the browser: its user need not give a second factor. Signing out does not forget it. */
export function setDeviceCookie(event: H3Event, config: Config, { token, expires_at }: RememberedDevice): void {
  setCookie(event, cookieNames(config).device, token, { ...attributes(config), expires: expires_at })
}

export function clearSessionCookies(event: H3Event, config: Config): void {
  const { access, refresh } = cookieNames(config)
  for (const name of [access, refresh]) setCookie(event, name, '', { ...attributes(config), expires: new Date(0) })
}

/**
 * Finds what makes it unclear which of our cookies counts: one that is sent twice, or a name that only some parsers
 * would trim to one of ours. The cookies of other applications on a parent domain may contain anything.
 */
export function findCookieFault(header: string | undefined, config: Config): string | undefined {
  if (!header) return undefined
  const names = cookiePairs(header).map(({ name }) => name)
  const ours = new Set(Object.values(cookieNames(config)))
  if (names.some(name => !ours.has(name) && ours.has(withoutUnprintable(name))))
    return 'The Cookie header is not valid.'
  const seen = names.filter(name => ours.has(name))
  return seen.length > new Set(seen).size ? 'The Cookie header has a cookie twice.' : undefined
}

function withoutUnprintable(name: string): string {
  return name.replace(/[^\x21-\x7E]+/g, '')
}

function cookiePairs(header: string | undefined): { name: string; value: string }[] {
  return (header ?? '').split(';').map(part => {
    const equals = part.indexOf('=')
    return {
      name: stripBlanks(equals < 0 ? part : part.slice(0, equals)),
      value: stripBlanks(equals < 0 ? '' : part.slice(equals + 1)),
    }
  })
}

// Only the blanks that RFC 6265, 4.2.1 allows between cookies: String.trim would also remove a no-break space.
function stripBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

function attributes(config: Config) {
  return { httpOnly: true, secure: config.protocol === 'https', sameSite: 'lax', path: '/' } as const
}
