import { defineEventHandler, getQuery, setResponseHeader } from 'h3'
import { parseHost } from '#server/domain/tenants/hosts.ts'
import { requireRuntime } from '#server/runtime.ts'
import { notFound } from '#shared/errors.ts'

/**
 * For a proxy that requests certificates on demand: whether we serve the domain. Works on any host, and reveals no
 * more than a request to that host would.
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
