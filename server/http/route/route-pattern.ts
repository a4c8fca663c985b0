import type { H3Event } from 'h3'

/** The route's pattern, such as `/api/v1/users/:id`; never a path, of which there are too many. */
export function routePatternOf({ context, path }: H3Event): string {
  const pattern = (context.matchedRoute as { path?: string } | undefined)?.path
  if (pattern && pattern !== '/**') return pattern
  return /^\/_nuxt\//.test(path) ? 'static' : 'page'
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** The method, if it is a usual one. */
export function methodNameOf({ method }: { method?: string }): string {
  return methods.has(method!) ? method! : 'other'
}
