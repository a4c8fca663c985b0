import type { H3Event } from 'h3'
import type { CountedAnswer } from '#server/domain/tenants/usage.ts'
import { getRuntime } from '#server/runtime.ts'
import { getInnerContext } from '#server/http/tenancy.ts'

/**
 * Counts a response for the metrics, and one of a portal for its activity. API calls of a page that is being rendered
 * belong to the page.
 */
export function countAnswer(event: H3Event, status: number): void {
  const { tenancy, started } = event.context
  if (started !== undefined) getRuntime()?.metrics?.countRequest(event, status, (performance.now() - started) / 1_000)
  if (tenancy?.surface !== 'portal') return
  const isRequest = !getInnerContext(event)
  const signIn = signInOf(event, status)
  if (isRequest || signIn)
    getRuntime()?.activity.count(tenancy.authRealm.id, { isRequest, isError: status >= 500, signIn })
}

const signInPath = /^\/api\/v1\/auth\/(?:jwt\/create|session)\/?(?:\?|$)/

function signInOf({ method, path }: H3Event, status: number): CountedAnswer['signIn'] {
  if (method !== 'POST' || !signInPath.test(path)) return undefined
  if (status === 200) return 'done'
  return status === 401 ? 'failed' : undefined
}
