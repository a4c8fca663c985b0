import type { Principal } from '#server/domain/sessions/principal.ts'
import type { H3Event } from 'h3'
import type { PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { TenantStanding } from '#server/domain/tenants/lifecycle/standing.ts'
import type { Branding } from '#shared/answers/organization.ts'

/**
 * The surface and tenant of a request. `settleTenancy` finds it from the host, and again when a slow body has
 * arrived.
 */
export type Tenancy =
  | { surface: 'site'; origin: string; name: string }
  | {
      surface: 'portal'
      origin: string
      name: string
      authRealm: AuthRealm<TenantRealm>
      branding: () => Promise<Branding>
    }
  | { surface: 'console'; origin: string; name: string; authRealm: AuthRealm<PlatformRealm> }

/** Passed to the API calls that a page makes in-process while it is rendered: same user, same host. */
export interface InnerContext {
  tenancy: Tenancy
  request_id: string
  trace_id: string | undefined
  ip: string | null
  /** The page's callers, by their access token: normally one. */
  callers: Map<string, Promise<Principal>>
}

declare module 'h3' {
  interface H3EventContext {
    tenancy?: Tenancy
    /** Origin of the requested host, which may not be the canonical one. */
    own_origin?: string
    /** Status of the host's tenant, if it is closed: then there is no tenancy. */
    standing?: TenantStanding
    inner?: InnerContext
    /** Of `performance.now()`; only where requests are measured. */
    started?: number
    request_id: string
    /** Of the request's trace: its caller's, or one of ours where traces are exported. */
    trace_id?: string
    ip: string | null
  }
}

/**
 * @returns the context that a rendering page passed to its own API call. A request from outside cannot set it:
 * node-mock-http keeps it outside of the request's data
 */
export function getInnerContext(event: H3Event): InnerContext | undefined {
  const { __unenv__: context } = event.node.req as { __unenv__?: Partial<InnerContext> }
  return context?.tenancy ? (context as InnerContext) : undefined
}
