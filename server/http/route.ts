import type { EventHandler, H3Event } from 'h3'
import { defineEventHandler, getHeader, getQuery, getRouterParams, setResponseStatus } from 'h3'
import type { z } from 'zod'
import type { PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import { noteLimit } from '#server/domain/audit/security-events.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Principal } from '#server/domain/sessions/principal.ts'
import { notFound } from '#shared/errors.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'
import { validate } from '#shared/schemas/validate.ts'
import type { Surface } from '#shared/types/surface.ts'
import type { Access, Authority } from './authority.ts'
import { readJson } from './body/body.ts'
import type { Turn } from './heavy-work.ts'
import { inTurn } from './heavy-work.ts'
import { unsafeMethods } from './methods.ts'
import type { OpenedRequest } from './open-request.ts'
import { openRequest, receiveEarly } from './open-request.ts'

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
  /** Heavy work, of which each tenant has one at a time in a process; others wait for some seconds. */
  turn?: Turn
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
  audit: AuditContext
  /** Who calls a public route that asks for itself, with all that the wrapper asks of a private one. */
  identify: () => Promise<Principal | undefined>
  userAgent: string | null
  event: H3Event
}

type Handler<R, A extends Access, Body, Query> = (context: Context<R, A, Body, Query>) => unknown

/** A handler that says what was declared of it, for those who look at all routes. */
export interface DeclaredHandler extends EventHandler {
  declared: { surfaces: Surface[]; access: Access; body?: z.ZodType; query?: z.ZodType }
}

type Define<R> = <
  const A extends Access,
  Body extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
>(
  options: Options<A, Body, Query>,
  handler: Handler<R, A, Body, Query>,
) => DeclaredHandler

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
  return (options, handler) =>
    Object.assign(
      defineEventHandler(async event => {
        const early = openRequest(event, surfaces, options)
        const wasAwaited = unsafeMethods.has(event.method) && (await receiveEarly(event, early.authority))
        const opened = wasAwaited ? openRequest(event, surfaces, options) : early
        const leave = options.turn ? undefined : opened.app.pacer.enter()
        try {
          return await answer(event, options, handler, opened)
        } finally {
          leave?.()
        }
      }),
      { declared: { surfaces, access: options.access, body: options.body, query: options.query } },
    )
}

async function answer(
  event: H3Event,
  options: Options<Access, z.ZodType | undefined, z.ZodType | undefined>,
  handler: Handler<never, Access, never, never>,
  opened: OpenedRequest,
): Promise<unknown> {
  const { app, authRealm, stranger, authority } = opened
  const principal = (await authority?.authorize()) ?? null
  const params = readParams(event)
  const audit = principal ? { ...stranger, actor: principal.user.id, support: principal.session.support } : stranger
  const context = {
    app,
    authRealm,
    principal,
    params,
    body: options.body && validate(options.body, readJson(event)),
    query: options.query && validate(options.query, firstValues(getQuery(event))),
    audit,
    identify: authority?.identify,
    userAgent: getHeader(event, 'user-agent') ?? null,
    event,
  } as never
  const result = await noting(
    () => handleInTurn(event, options.turn, authority, () => handler(context)),
    app,
    authRealm,
    audit,
  )
  setResponseStatus(event, options.status ?? 200)
  return options.status === 204 ? null : result
}

// An id that is none cannot be anyone's: the same answer as for one that is not there.
function readParams(event: H3Event): Record<string, string> {
  const params = getRouterParams(event)
  if (params.id !== undefined && !uuidPattern.test(params.id)) throw notFound()
  // Nothing that is stored has such a name, and PostgreSQL takes none.
  if (Object.values(params).some(value => value.includes('\0'))) throw notFound()
  return params
}

/** @throws ApiError 409 `busy`; 401, 403 where the right was lost while the request waited for its turn */
async function handleInTurn(
  event: H3Event,
  turn: Turn | undefined,
  authority: Authority | undefined,
  handle: () => unknown,
): Promise<unknown> {
  if (!turn) return handle()
  const { authRealm } = event.context.tenancy as { authRealm: AuthRealm }
  return inTurn(event, turn, authRealm.realm.schema, async () => {
    await authority?.authorize()
    return handle()
  })
}

async function noting(
  handle: () => unknown,
  app: App,
  authRealm: AuthRealm | undefined,
  audit: AuditContext,
): Promise<unknown> {
  try {
    return await handle()
  } catch (error) {
    if (authRealm) await noteLimit(app, authRealm, audit, error)
    throw error
  }
}

function firstValues(query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value]))
}
