import type { H3Event } from 'h3'
import { defineEventHandler } from 'h3'
import { apiRoutes } from '#api-routes'
import { isApiPath, methodNotAllowed, optionsAnswer } from '#server/http/methods.ts'
import { notFound } from '#shared/errors.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'

/**
 * Answers unknown methods of API paths, the same for every user. The router would pass a known path with another
 * method on to the pages, which answer every path.
 */
export default defineEventHandler(event => {
  if (isApiPath(event.path)) requireMethod(event)
  // HEAD is handled as GET, whose body Node.js does not send; the router has no HEAD routes.
  if (event.method === 'HEAD') event._method = 'GET'
})

function requireMethod(event: H3Event): void {
  const allowed = allowedMethods(event.path.split('?', 1)[0]!.replace(/\/$/, ''))
  if (!allowed) throw notFound()
  if (event.method === 'OPTIONS') throw optionsAnswer([...allowed])
  if (!allowed.has(event.method)) throw methodNotAllowed(event.method, [...allowed])
}

const fixed = new Map<string, Set<string>>()
const patterns = new Map<string, { pattern: RegExp; methods: Set<string> }>()
for (const { route, method } of apiRoutes) {
  const methods = methodsAt(route)
  methods.add(method)
  if (method === 'GET') methods.add('HEAD')
}

function methodsAt(route: string): Set<string> {
  const known = fixed.get(route) ?? patterns.get(route)?.methods
  if (known) return known
  const methods = new Set(['OPTIONS'])
  if (route.includes(':')) patterns.set(route, { pattern: patternOf(route), methods })
  else fixed.set(route, methods)
  return methods
}

// An id is a UUID. A path with another word there, such as an endpoint of djoser that we do not have, does not exist.
function patternOf(route: string): RegExp {
  const id = uuidPattern.source.slice(1, -1)
  return new RegExp(`^${route.replaceAll(/:\w+/g, name => (name === ':id' ? id : '[^/]+'))}$`)
}

// A fixed path has priority over a pattern that matches it too, as in the router.
function allowedMethods(path: string): Set<string> | undefined {
  const exact = fixed.get(path)
  if (exact) return exact
  for (const { pattern, methods } of patterns.values()) if (pattern.test(path)) return methods
  return undefined
}
