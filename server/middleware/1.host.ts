import { randomUUID } from 'node:crypto'
import { defineEventHandler, setResponseHeader } from 'h3'
import type { H3Event } from 'h3'
import { notFound } from '../../shared/errors.ts'
import { platformAuthRealm, tenantAuthRealm } from '../domain/auth-realm.ts'
import type { Place } from '../domain/hosts.ts'
import { malformedHost, parseHost } from '../domain/hosts.ts'
import { tenantMoved } from '../domain/refusals.ts'
import { closedAnswer } from '../domain/tenant-standing.ts'
import type { App } from '../domain/app.ts'
import { clientAddress, isFromProxy, rawHeaderValues } from '../http/client-address.ts'
import { brandingOf } from '../http/branding.ts'
import type { Tenancy } from '../http/tenancy.ts'
import { getInnerContext } from '../http/tenancy.ts'
import { requireRuntime } from '../runtime.ts'

/**
 * The host first: it alone says which surface and which tenant a request is about. Everything after
 * this works with `event.context.tenancy` and has no other way to a tenant.
 */
export default defineEventHandler(async (event) => {
  const inner = getInnerContext(event)
  event.context.request_id = inner?.request_id ?? randomUUID()
  setResponseHeader(event, 'x-request-id', event.context.request_id)
  if (inner) {
    Object.assign(event.context, { tenancy: inner.tenancy, ip: inner.ip, inner })
    return
  }
  if (anyHostPath.test(event.path)) return
  const host = parseHost(hostHeader(event))
  const { app, hosts } = requireRuntime()
  event.context.ip = clientAddress(event.node.req, app.config.trustedProxies)
  const place = await hosts.find(host)
  if (!place) throw notFound()
  if (place.surface === 'portal') requireOpen(event, place)
  const tenancy = tenancyOf(app, place)
  event.context.own_origin = app.config.originOf(host)
  event.context.tenancy = tenancy
  event.context.inner = { tenancy, request_id: event.context.request_id, ip: event.context.ip }
})

// Asked by load balancers and proxies, which know an address and no name.
const anyHostPath = /^\/(?:healthz$|readyz$|api\/v1\/domains\/ask\/?(?:\?|$))/

/** @throws ApiError 403 or 503 of a tenant that is closed, 308 where it has moved */
function requireOpen(event: H3Event, { tenant, origin, is_former }: Extract<Place, { surface: 'portal' }>): void {
  const closed = closedAnswer(tenant.standing)
  if (closed) {
    event.context.standing = tenant.standing
    throw closed
  }
  // As it came, if it is a path: h3 decodes its own, which may then be another path, or none that a header can have.
  const { url = '' } = event.node.req
  if (is_former) throw tenantMoved(`${origin}${url.startsWith('/') ? url : '/'}`)
}

/** @throws ApiError 400 when it is missing or there are several: which of two would count is anyone's guess */
function hostHeader(event: H3Event): string {
  const { req } = event.node
  const forwarded = rawHeaderValues(req, 'x-forwarded-host')
  const values = forwarded.length > 0 && isFromProxy(req, requireRuntime().app.config.trustedProxies) ? forwarded : rawHeaderValues(req, 'host')
  if (values.length !== 1) throw malformedHost()
  return values[0]!
}

function tenancyOf(app: App, place: Place): Tenancy {
  switch (place.surface) {
    case 'site': return { surface: 'site', origin: place.origin, name: 'Tenantry' }
    case 'console': return { surface: 'console', origin: place.origin, name: 'Tenantry', authRealm: platformAuthRealm(app.database, place.origin) }
    case 'portal': {
      const authRealm = tenantAuthRealm(app.database, place.tenant)
      return { surface: 'portal', origin: place.origin, name: place.tenant.name, authRealm, branding: () => brandingOf(place, authRealm.realm) }
    }
  }
}
