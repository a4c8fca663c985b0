import type { EventHandler, H3Event } from 'h3'
import { defineEventHandler, getQuery, getRouterParams, getHeader, setResponseHeader, setResponseStatus } from 'h3'
import type { z } from 'zod'
import { forbidden, notAuthenticated, notFound } from '../../shared/errors.ts'
import type { Permission } from '../../shared/permissions.ts'
import { uuidPattern } from '../../shared/schemas/fields.ts'
import type { App, Origin } from '../domain/app.ts'
import type { AuthRealm } from '../domain/auth-realm.ts'
import type { Principal } from '../domain/principal.ts'
import { requirePrincipal } from '../domain/principal.ts'
import { beyondSupport, readOnly } from '../domain/refusals.ts'
import { noteLimit } from '../domain/security-events.ts'
import type { PlatformRealm, TenantRealm } from '../database/realms.ts'
import type { Surface } from '../../shared/types/surface.ts'
import { requireRuntime } from '../runtime.ts'
import { readJson } from './body.ts'
import { validate } from '../../shared/schemas/validate.ts'
import { readAccessToken } from './credentials.ts'
import { unsafeMethods } from './methods.ts'

/**
 * Who may call: there is no default. `'public'` and `'signed-in'` are words that a search finds;
 * a permission is a function from shared/permissions.ts.
 */
export type Access = 'public' | 'signed-in' | Permission

interface Options<A extends Access, Body extends z.ZodType | undefined, Query extends z.ZodType | undefined> {
  access: A
  /** What a success answers; 200 unless said. */
  status?: 200 | 201 | 202 | 204
  body?: Body
  query?: Query
  /**
   * Whether an operator who signed in as a user, for support, may do it too. Unless said: read, but change nothing.
   * A read-only session changes nothing, whatever is said. See docs/decisions/0011-support-access.md.
   */
  support?: boolean
}

interface Context<R, A extends Access, Body, Query> {
  app: App
  authRealm: R
  /** Null on a public route, which does not look at credentials. */
  principal: A extends 'public' ? null : Principal
  body: Body extends z.ZodType ? z.output<Body> : undefined
  query: Query extends z.ZodType ? z.output<Query> : undefined
  /** From the path; one that is called id is a UUID. */
  params: Record<string, string>
  origin: Origin
  /** Who calls a public route that asks for itself, with all that the wrapper asks of a private one. */
  identify: () => Promise<Principal | undefined>
  userAgent: string | null
  event: H3Event
}

type Handler<R, A extends Access, Body, Query> = (context: Context<R, A, Body, Query>) => unknown

/** A handler that says what was declared of it, for those who look at all routes. */
export interface DeclaredHandler extends EventHandler {
  declared: { surfaces: Surface[], body?: z.ZodType, query?: z.ZodType }
}

type Define<R> = <const A extends Access, Body extends z.ZodType | undefined = undefined, Query extends z.ZodType | undefined = undefined>(
  options: Options<A, Body, Query>, handler: Handler<R, A, Body, Query>) => DeclaredHandler

/** A route of the tenants' portals. */
export const defineTenantRoute = definer(['portal']) as Define<AuthRealm<TenantRealm>>
/** A route of the operators' console. */
export const definePlatformRoute = definer(['console']) as Define<AuthRealm<PlatformRealm>>
/** A route of every place where people sign in: portals and the console. */
export const defineRealmRoute = definer(['portal', 'console']) as Define<AuthRealm>
/** A route of every host that is ours; on the site there is no realm. */
export const defineHostRoute = definer(['site', 'portal', 'console']) as Define<AuthRealm | undefined>
/** A route of the public site, which has no people of its own. */
export const defineSiteRoute = definer(['site']) as Define<undefined>

function definer(surfaces: Surface[]): Define<unknown> {
  return (options, handler) => Object.assign(defineEventHandler(async (event) => {
    const { tenancy } = event.context
    if (!tenancy || !surfaces.includes(tenancy.surface)) throw notFound()
    setResponseHeader(event, 'cache-control', 'private, no-store')
    const { app } = requireRuntime()
    const authRealm = tenancy.surface === 'site' ? undefined : tenancy.authRealm
    const stranger: Origin = { actor: null, ip: event.context.ip, request_id: event.context.request_id }
    const identify = () => findPrincipal(event, app, authRealm!, stranger, options.support)
    const principal = options.access === 'public' ? null : await authorize(identify, options.access)
    const params = readParams(event)
    const origin = principal ? { ...stranger, actor: principal.user.id, support: principal.session.support } : stranger
    const context = {
      app,
      authRealm,
      principal,
      params,
      body: options.body && validate(options.body, await readJson(event)),
      query: options.query && validate(options.query, firstValues(getQuery(event))),
      origin,
      identify,
      userAgent: getHeader(event, 'user-agent') ?? null,
      event,
    } as never
    const answer = await noting(() => handler(context), app, authRealm, origin)
    setResponseStatus(event, options.status ?? 200)
    return options.status === 204 ? null : answer
  }), { declared: { surfaces, body: options.body, query: options.query } })
}

async function authorize(identify: () => Promise<Principal | undefined>, access: Exclude<Access, 'public'>): Promise<Principal> {
  const principal = await identify()
  if (!principal) throw notAuthenticated()
  if (access !== 'signed-in' && !access(principal.user)) throw forbidden()
  return principal
}

async function findPrincipal(event: H3Event, app: App, authRealm: AuthRealm, stranger: Origin, support: boolean | undefined): Promise<Principal | undefined> {
  const token = readAccessToken(event, app.config)
  if (!token) return undefined
  const principal = await requirePrincipal(app, authRealm, token, stranger)
  const { session } = principal
  const isUnsafe = unsafeMethods.has(event.method)
  if (isUnsafe && session.is_read_only) throw readOnly()
  if (session.support !== null && !(support ?? !isUnsafe)) throw beyondSupport()
  return principal
}

// An id that is none cannot be anyone's: the same answer as for one that is not there.
function readParams(event: H3Event): Record<string, string> {
  const params = getRouterParams(event)
  if (params.id !== undefined && !uuidPattern.test(params.id)) throw notFound()
  // Nothing that is stored has such a name, and PostgreSQL takes none.
  if (Object.values(params).some(value => value.includes('\0'))) throw notFound()
  return params
}

async function noting(handle: () => unknown, app: App, authRealm: AuthRealm | undefined, origin: Origin): Promise<unknown> {
  try {
    return await handle()
  }
  catch (error) {
    if (authRealm) await noteLimit(app, authRealm, origin, error)
    throw error
  }
}

function firstValues(query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value]))
}
