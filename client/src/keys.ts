import { keyedPaths } from './types/keyed-paths.ts'

const patterns = keyedPaths.map(path => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+').replace(/\/$/, '/?')}$`))

/** Gives a request that creates something a key of its own, so that it can be sent again: the server does it once. */
export function withKey(request: Request): Request {
  const { pathname } = new URL(request.url)
  if (request.method !== 'POST' || request.headers.has('idempotency-key')) return request
  if (!patterns.some(pattern => pattern.test(pathname))) return request
  const keyed = request.clone()
  keyed.headers.set('idempotency-key', `"${newKey()}"`)
  return keyed
}

// Browsers have randomUUID on https only.
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}
