import type { H3Event } from 'h3'
import { defineEventHandler } from 'h3'
import type { PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { tracePart } from '#server/tracing/spans.ts'
import type { Surface } from '#shared/types/surface.ts'
import { unsafeMethods } from './methods.ts'
import { openRequest, receiveEarly } from './open-request.ts'
import type { Access } from './route/access.ts'

import type { ErrorSources } from './route/error-statuses.ts'
import { requireDeclaredError } from './route/error-statuses.ts'
import type { AnyOptions, DeclaredHandler, Handler, Options, Schema } from './route/options.ts'
import { methodNameOf, routePatternOf } from './route/route-pattern.ts'
import { serve } from './route/serve.ts'
import { getInnerContext } from './tenancy.ts'

type Define<R> = <
  const A extends Access,
  Body extends Schema = undefined,
  Query extends Schema = undefined,
  Answer extends Schema = undefined,
>(
  options: Options<A, Body, Query, Answer>,
  handler: Handler<R, A, Body, Query, Answer>,
) => DeclaredHandler<Body, Query, Answer>

/** A route of the tenants' portals. */
export const defineTenantRoute = definer(['portal']) as Define<AuthRealm<TenantRealm>>

/** A route of the operators' console. */
export const definePlatformRoute = definer(['console']) as Define<AuthRealm<PlatformRealm>>

/** A route of every host on which users sign in: portals and the console. */
export const defineRealmRoute = definer(['portal', 'console']) as Define<AuthRealm>

/** A route of every known host; on the site there is no realm. */
export const defineHostRoute = definer(['site', 'portal', 'console']) as Define<AuthRealm | undefined>

/** A route of the public site, which has no users. */
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
          const work = () => serve(event, options, handler as never, opened)
          return await (getInnerContext(event) ? tracePart(() => ({ name: spanNameOf(event) }), work) : work())
        } catch (error) {
          if (opened.app.config.checkAnswers) requireDeclaredError(error, errorSourcesOf(event, options))
          throw error
        } finally {
          leave?.()
        }
      }),
      { declared: declarationOf(surfaces, options) },
    ) as never
}

/** Of a call that a page makes while it is rendered. */
function spanNameOf(event: H3Event): string {
  return `${methodNameOf(event)} ${routePatternOf(event)}`
}

function errorSourcesOf({ method, context }: H3Event, options: AnyOptions): ErrorSources {
  const { access, body, accepts, answer, turn, idempotency } = options
  const path = context.matchedRoute?.path ?? ''
  return { method, path, access, takesBody: Boolean(body ?? accepts), answer, turn, idempotency }
}

function declarationOf(surfaces: Surface[], options: AnyOptions): DeclaredHandler['declared'] {
  const { status = 200, ...rest } = options
  return { ...rest, surfaces, status }
}
