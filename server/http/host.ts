import type { H3Event } from 'h3'
import { platformAuthRealm, tenantAuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { beingUpdated, tenantMoved } from '#server/domain/sessions/refusals.ts'
import type { HostMatch } from '#server/domain/tenants/hosts.ts'
import { malformedHost, parseHost } from '#server/domain/tenants/hosts.ts'
import { closedAnswer } from '#server/domain/tenants/lifecycle/standing.ts'
import { requireRuntime } from '#server/runtime.ts'
import { notFound } from '#shared/errors.ts'
import { brandingOf } from './branding.ts'
import { isFromProxy, rawHeaderValues } from './client-address.ts'
import type { Tenancy } from './tenancy.ts'

/** Browsers ask the host that a passkey is bound to, also if it is a former one, and follow no redirect. */
const relatedOriginsPath = '/.well-known/webauthn'

/**
 * Looks up the host and puts its tenancy into the event's context.
 * @throws ApiError 400, 404, 403 or 503 for a tenant that is closed, 308 when it has moved
 */
export async function settleTenancy(event: H3Event): Promise<void> {
  const host = parseHost(hostHeader(event))
  const { app, hosts } = requireRuntime()
  const match = await hosts.find(host)
  if (!match) throw notFound()
  if (match.surface === 'portal') requireOpen(event, match)
  const tenancy = tenancyOf(app, match)
  event.context.own_origin = app.config.originOf(host)
  event.context.tenancy = tenancy
  event.context.inner = {
    tenancy,
    request_id: event.context.request_id,
    trace_id: event.context.trace_id,
    ip: event.context.ip,
    callers: new Map(),
  }
}

function requireOpen(
  event: H3Event,
  { tenant, origin, is_former, is_behind }: Extract<HostMatch, { surface: 'portal' }>,
): void {
  const closed = closedAnswer(tenant.standing)
  if (closed) {
    event.context.standing = tenant.standing
    throw closed
  }
  if (is_behind) throw beingUpdated()
  // The raw path: h3 decodes its own, which may then be another path, or contain characters that a header cannot.
  const { url = '' } = event.node.req
  if (is_former && url !== relatedOriginsPath) throw tenantMoved(`${origin}${url.startsWith('/') ? url : '/'}`)
}

/** @throws ApiError 400 when it is missing or sent several times, as it would be unclear which one counts */
function hostHeader(event: H3Event): string {
  const { req } = event.node
  const forwarded = rawHeaderValues(req, 'x-forwarded-host')
  const isForwarded = forwarded.length > 0 && isFromProxy(req, requireRuntime().app.config.trustedProxies)
  const values = isForwarded ? forwarded : rawHeaderValues(req, 'host')
  if (values.length !== 1) throw malformedHost()
  return values[0]!
}

function tenancyOf(app: App, match: HostMatch): Tenancy {
  const { origin } = match
  switch (match.surface) {
    case 'site':
      return { surface: 'site', origin, name: 'Tenantry' }
    case 'console': {
      const authRealm = platformAuthRealm(app.database, origin)
      return { surface: 'console', origin, name: 'Tenantry', authRealm }
    }
    case 'portal': {
      const authRealm = tenantAuthRealm(app.database, match.tenant)
      const branding = () => brandingOf(match, authRealm.realm)
      return { surface: 'portal', origin, name: match.tenant.name, authRealm, branding }
    }
  }
}
