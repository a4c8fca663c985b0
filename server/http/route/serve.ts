import type { H3Event } from 'h3'
import { getHeader, getQuery, getRouterParams, setResponseHeader, setResponseStatus } from 'h3'
import { z } from 'zod'
import { noteLimit } from '#server/domain/audit/security-events.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Authority } from '#server/http/authority.ts'
import { readJson } from '#server/http/body/body.ts'
import type { Turn } from '#server/http/heavy-work.ts'
import { inTurn } from '#server/http/heavy-work.ts'
import type { OpenedRequest } from '#server/http/open-request.ts'
import { ApiError, notFound } from '#shared/errors.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'
import { validate } from '#shared/schemas/validate.ts'
import type { Access } from './access.ts'
import { answerOnce } from './idempotency.ts'
import type { AnyOptions, Handler } from './options.ts'

/**
 * Serves a request to a route: authorization, input, the handler, and the status of its success.
 * @throws ApiError 400, 401, 403, 404, 409, 422, and what the handler throws
 */
export async function serve(
  event: H3Event,
  options: AnyOptions,
  handler: Handler<never, Access, never, never, undefined>,
  opened: OpenedRequest,
): Promise<unknown> {
  const context = await contextOf(event, options, opened)
  const result = await noting(
    () =>
      handleInTurn(event, options.turn, opened.authority, () =>
        answerOnce(event, options.idempotency, opened, context.principal, () => handler(context as never)),
      ),
    context,
  )
  setResponseStatus(event, options.status ?? 200)
  if (hasEtag(result)) setResponseHeader(event, 'etag', result.etag)
  if (options.status === 204) return null
  if ((import.meta.dev || opened.app.config.checkAnswers) && options.answer) requireDeclared(options.answer, result)
  return result
}

async function contextOf(event: H3Event, options: AnyOptions, opened: OpenedRequest) {
  const { app, authRealm, stranger, authority } = opened
  const principal = (await authority?.authorize()) ?? null
  const params = readParams(event)
  return {
    app,
    authRealm,
    principal,
    params,
    body: options.body && validate(options.body, readJson(event)),
    query: options.query && validate(options.query, firstValues(getQuery(event))),
    audit: principal ? { ...stranger, actor: principal.user.id, support: principal.session.support } : stranger,
    identify: authority?.identify,
    userAgent: getHeader(event, 'user-agent') ?? null,
    event,
  }
}

function hasEtag(result: unknown): result is { etag: string } {
  return typeof result === 'object' && result !== null && 'etag' in result && typeof result.etag === 'string'
}

/** @throws ApiError 500 if an answer does not match its declaration, for example by an undeclared field */
function requireDeclared(schema: z.ZodType, result: unknown): void {
  const { error } = schema.safeParse(JSON.parse(JSON.stringify(result)))
  if (error) throw new ApiError(500, { detail: `The answer is not what its route declares: ${z.prettifyError(error)}` })
}

// A malformed id belongs to nothing, so the answer is that for a missing row.
function readParams(event: H3Event): Record<string, string> {
  const params = getRouterParams(event)
  if (params.id !== undefined && !uuidPattern.test(params.id)) throw notFound()
  // No stored name contains it, and PostgreSQL rejects it.
  if (Object.values(params).some(value => value.includes('\0'))) throw notFound()
  return params
}

/** @throws ApiError 409 `busy`; 401, 403 if the right was lost while the request waited for its turn */
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
  { app, authRealm, audit }: { app: App; authRealm: AuthRealm | undefined; audit: AuditContext },
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
