import type { H3Event } from 'h3'
import type { PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { TenantStanding } from '#server/domain/tenants/status.ts'
import type { Branding } from '#shared/types/organization.ts'

/** What a request is about, settled from its host by `settleTenancy`, and again once a body has arrived. */
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

/**
 * Handed to the calls that a page makes in-process while it is rendered: they are the same person's, from the same
 * host.
 */
export interface InnerContext {
  tenancy: Tenancy
  request_id: string
  ip: string | null
}

declare module 'h3' {
  interface H3EventContext {
    tenancy?: Tenancy
    /** Of the very host that was asked, which may not be the canonical one. */
    own_origin?: string
    /** Of the tenant that the host is, where it is closed: there is no tenancy then. */
    standing?: TenantStanding
    inner?: InnerContext
    request_id: string
    ip: string | null
  }
}

/**
 * @returns what the rendering page handed over when this is a call of its own, which no request from outside can
 * claim to be: node-mock-http keeps it beside the request, not in it
 */
export function getInnerContext(event: H3Event): InnerContext | undefined {
  const { __unenv__: context } = event.node.req as { __unenv__?: Partial<InnerContext> }
  return context?.tenancy ? (context as InnerContext) : undefined
}
