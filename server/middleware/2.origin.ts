import { defineEventHandler, getHeader } from 'h3'
import type { H3Event } from 'h3'
import { acceptedBody } from '#server/http/body/accepted.ts'
import { hasBody, receiveBody } from '#server/http/body/body.ts'
import { cookieNames, findCookieFault } from '#server/http/cookies.ts'
import { hasBearer } from '#server/http/credentials.ts'
import { isFormPost } from '#server/http/forms/answer-form.ts'
import { isApiPath, pageMethods, unsafeMethods } from '#server/http/methods.ts'
import { requireOwnPage } from '#server/http/forms/same-origin.ts'
import { getInnerContext } from '#server/http/tenancy.ts'
import { requireRuntime } from '#server/runtime.ts'
import { ApiError } from '#shared/errors.ts'

/** Checks that do not depend on the user, in the order of docs/api.md, "Refusals". */
export default defineEventHandler(async event => {
  if (getInnerContext(event) || !event.context.tenancy) return
  const { config } = requireRuntime().app
  const fault = findCookieFault(getHeader(event, 'cookie'), config)
  if (fault) throw new ApiError(400, { detail: fault })
  if (!isApiPath(event.path)) {
    const answer = isFormPost(event) ? undefined : pageMethods(event)
    if (answer) throw answer
    return
  }
  if (!unsafeMethods.has(event.method)) return
  await requireSaneBody(event)
  requireSameOrigin(event, event.context.own_origin!, cookieNames(config))
})

async function requireSaneBody(event: H3Event): Promise<void> {
  const { types, limit, readLimit } = acceptedBody(event)
  const length = Number(getHeader(event, 'content-length') ?? 0)
  if (length > readLimit) throw new ApiError(413, { detail: 'Request body is too large.' }, { connection: 'close' })
  if (length > limit) await receiveBody(event)
  if (!hasBody(event)) return
  const type = getHeader(event, 'content-type') ?? ''
  const encoding = getHeader(event, 'content-encoding') ?? 'identity'
  if (!types.test(type) || encoding.toLowerCase() !== 'identity') {
    throw new ApiError(415, { detail: `Unsupported media type "${printable(type)}" in request.` })
  }
}

/** An unsafe request that uses a browser's cookies, or sets them, must come from a page of the same host. */
function requireSameOrigin(event: H3Event, origin: string, names: { access: string; refresh: string }): void {
  const cookies = getHeader(event, 'cookie') ?? ''
  const byCookie = !hasBearer(event) && (cookies.includes(names.access) || cookies.includes(names.refresh))
  if (byCookie || /^\/api\/v1\/auth\/session(?:[/?]|$)/.test(event.path)) requireOwnPage(event, origin)
}

function printable(type: string): string {
  return type.slice(0, 100).replaceAll(/[^\x20-\x7E]/g, '?')
}
