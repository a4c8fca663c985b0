import type { H3Event } from 'h3'
import { getHeader } from 'h3'
import type { Db } from '#server/database/realms.ts'
import type { AuthRealm, Recheck } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { requireRecent } from '#server/domain/factors/reauthenticate.ts'
import type { Principal } from '#server/domain/sessions/principal.ts'
import { recheckPrincipal, requirePrincipal } from '#server/domain/sessions/principal.ts'
import { beyondSupport, enrolmentRequired, readOnly } from '#server/domain/sessions/refusals.ts'
import { requireOpenTenant } from '#server/domain/tenants/lifecycle/standing.ts'
import { forbidden, notAuthenticated } from '#shared/errors.ts'
import { signedInHeader } from '#shared/signed-in-header.ts'
import { readAccessToken } from './credentials.ts'
import { unsafeMethods } from './methods.ts'
import type { AnyOptions } from './route/options.ts'
import { withoutToken } from './token-paths.ts'
import type { InnerContext } from './tenancy.ts'
import { getInnerContext } from './tenancy.ts'

/** The authentication and authorisation of one request. */
export interface Authority {
  /**
   * @returns the caller, or undefined for a request without credentials
   * @throws ApiError 401, 403
   */
  identify: () => Promise<Principal | undefined>
  /**
   * @returns the caller; null on a public route, which does not ask
   * @throws ApiError 401, 403
   */
  authorize: () => Promise<Principal | null>
  /**
   * Checks in a transaction that the authority still holds.
   * @throws ApiError 401, 403, 503
   */
  recheck: Recheck
}

/** Of a route: what its callers must be. */
export type AuthorityOptions = Pick<AnyOptions, 'access' | 'support' | 'enrolment' | 'reauthentication'>

interface State {
  event: H3Event
  app: App
  authRealm: AuthRealm
  stranger: AuditContext
  options: AuthorityOptions
  /** The caller, when they have been identified. */
  principal: Principal | undefined
  /** Transactions that need no check at their end. */
  checkedLast: WeakSet<Db>
}

/** @param options the route's */
export function createAuthority(
  event: H3Event,
  app: App,
  authRealm: AuthRealm,
  stranger: AuditContext,
  options: AuthorityOptions,
): Authority {
  const state: State = { event, app, authRealm, stranger, options, principal: undefined, checkedLast: new WeakSet() }
  return {
    identify: () => identify(state),
    authorize: () => authorize(state),
    recheck: {
      now: (tx, how) => recheck(state, tx, how),
      atEnd: tx => recheckAtEnd(state, tx),
    },
  }
}

async function identify(state: State): Promise<Principal | undefined> {
  const { event, app, authRealm, stranger, options } = state
  const token = readAccessToken(event, app.config)
  if (!token) {
    // A page whose cookies are gone must not be taken for a visitor: its user signs in again.
    if (getHeader(event, signedInHeader)) throw notAuthenticated()
    return undefined
  }
  const load = () => requirePrincipal(app, authRealm, token, stranger)
  const principal = (state.principal = await loadOnce(getInnerContext(event), token, load))
  const { session } = principal
  const isUnsafe = unsafeMethods.has(event.method)
  if (isUnsafe && session.is_read_only) throw readOnly()
  if (session.support !== null && !(options.support ?? !isUnsafe)) throw beyondSupport()
  if (session.enrol_from && session.enrol_from <= new Date() && !options.enrolment) throw enrolmentRequired()
  // Otherwise asked when the caller has the right.
  return options.access === 'public' ? requireReauthentication(state, principal) : principal
}

/** The calls of one page share the caller that the first of them has loaded. */
function loadOnce(inner: InnerContext | undefined, token: string, load: () => Promise<Principal>): Promise<Principal> {
  if (!inner) return load()
  const loaded = inner.callers.get(token) ?? load()
  inner.callers.set(token, loaded)
  return loaded
}

async function authorize(state: State): Promise<Principal | null> {
  const { options, app, authRealm, stranger, event } = state
  const { access } = options
  if (access === 'public') return null
  const principal = await identify(state)
  if (!principal) throw notAuthenticated()
  if (access === 'signed-in' || access(principal.user)) return requireReauthentication(state, principal)
  app.log.info({
    event: 'permission_refused',
    tenant: authRealm.id,
    user: principal.user.id,
    method: event.method,
    path: withoutToken(event.path),
    ip: stranger.ip,
    request_id: stranger.request_id,
    trace_id: stranger.trace_id,
  })
  throw forbidden()
}

/** @throws ApiError 403 if the route needs a user who has proved lately that it is them */
async function requireReauthentication({ options, authRealm }: State, principal: Principal): Promise<Principal> {
  const { reauthentication } = options
  const isNeeded = reauthentication === 'console' ? authRealm.kind === 'platform' : reauthentication
  if (isNeeded) await requireRecent(authRealm.realm.db, authRealm, principal)
  return principal
}

async function recheck({ authRealm, principal, checkedLast }: State, tx: Db, { isLast = false } = {}): Promise<void> {
  await (principal ? recheckPrincipal(tx, authRealm, principal) : requireOpenTenant(tx, authRealm))
  if (isLast) checkedLast.add(tx)
}

async function recheckAtEnd(state: State, tx: Db): Promise<void> {
  if (state.principal && !state.checkedLast.has(tx)) await recheck(state, tx)
}
