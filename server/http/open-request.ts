import type { H3Event } from 'h3'
import { setResponseHeader } from 'h3'
import type { Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { guardAuthRealm, guardDatabase } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Claim } from '#server/domain/idempotency/claim.ts'
import { createClaim } from '#server/domain/idempotency/claim.ts'
import { requireRuntime } from '#server/runtime.ts'
import { notFound } from '#shared/errors.ts'
import type { Surface } from '#shared/types/surface.ts'
import type { Authority, AuthorityOptions } from './authority.ts'
import { createAuthority } from './authority.ts'
import { isArriving, receiveBody } from './body/body.ts'
import { settleTenancy } from './host.ts'

/** A request whose realm is known, with its app and authority. */
export interface OpenedRequest {
  app: App
  authRealm: AuthRealm | undefined
  stranger: AuditContext
  authority: Authority | undefined
  /** Of its idempotency key. */
  claim: Claim
}

/**
 * Receives the whole body. If that takes a while, the caller is authorised first, so that no body is stored without a
 * right to send it. Tenant and rights are then checked again.
 * @returns whether the body had to be waited for
 */
export async function receiveEarly(event: H3Event, authority: Authority | undefined): Promise<boolean> {
  const isEarly = isArriving(event)
  if (isEarly) await authority?.authorize()
  await receiveBody(event)
  if (isEarly) await settleTenancy(event)
  return isEarly
}

/** Finds the realm of a request, and what decides on its rights. @throws ApiError 404 on a host of another surface */
export function openRequest(event: H3Event, surfaces: Surface[], options: AuthorityOptions): OpenedRequest {
  const { tenancy, ip, request_id, trace_id } = event.context
  if (!tenancy || !surfaces.includes(tenancy.surface)) throw notFound()
  // The site has no users.
  if (tenancy.surface === 'site' && options.access !== 'public') throw notFound()
  setResponseHeader(event, 'cache-control', 'private, no-store')
  const { app } = requireRuntime()
  const stranger: AuditContext = { actor: null, ip, request_id, trace_id }
  const claim = createClaim()
  if (tenancy.surface === 'site') return { app, authRealm: undefined, stranger, authority: undefined, claim }
  const authority = createAuthority(event, app, tenancy.authRealm, stranger, options)
  const guard = { recheck: authority.recheck, claim }
  const guarded = { ...app, database: guardDatabase(app.database, guard) }
  return { app: guarded, authRealm: guardAuthRealm<Realm>(tenancy.authRealm, guard), stranger, authority, claim }
}
