import type { H3Event } from 'h3'
import { getRuntime } from '#server/runtime.ts'
import { getInnerContext } from '#server/http/tenancy.ts'

/** Counts a response of a portal. API calls of a page that is being rendered belong to the page. */
export function countAnswer(event: H3Event, status: number): void {
  const { tenancy } = event.context
  if (tenancy?.surface === 'portal' && !getInnerContext(event))
    getRuntime()?.activity.count(tenancy.authRealm.id, status >= 500)
}
