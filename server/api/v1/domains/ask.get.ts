import { defineEventHandler, getQuery, setResponseHeader } from 'h3'
import { parseHost } from '#server/domain/tenants/hosts.ts'
import { requireRuntime } from '#server/runtime.ts'
import { notFound } from '#shared/errors.ts'

/**
 * Asked by a proxy that gets certificates on demand, on whatever host it knows us by: whether we serve the domain. It
 * says no more than a request to that host would.
 */
export default defineEventHandler(async event => {
  setResponseHeader(event, 'cache-control', 'private, no-store')
  const { domain } = getQuery(event)
  if (typeof domain !== 'string' || domain.includes(':') || !(await requireRuntime().hosts.find(hostOf(domain))))
    throw notFound()
  return {}
})

function hostOf(domain: string): string {
  try {
    return parseHost(domain)
  } catch {
    throw notFound()
  }
}
