import type { H3Event } from 'h3'
import { appendResponseHeader, getHeader, sendRedirect, setCookie } from 'h3'
import type { NitroApp } from 'nitropack'
import { readBytes, receiveBody } from '#server/http/body/body.ts'
import { cookieNames, readSessionCookies } from '#server/http/cookies.ts'
import { requireOwnPage } from './same-origin.ts'
import type { InnerContext } from '#server/http/tenancy.ts'
import { requireRuntime } from '#server/runtime.ts'
import type { FormAnswer, FormName } from '#shared/forms.ts'
import { formCookie } from '#shared/forms.ts'
import { safeRedirect } from '#shared/redirect.ts'
import type { PageForm } from './forms.ts'
import { findForm } from './forms.ts'

/** Seconds in which the page must ask for its answer. */
const answerLife = 60
/** In characters, so that the cookie fits into the headers. */
const valueLimit = 254
const bodyLimit = 1_500

/** Forms after which their user is signed in. */
const signIns: ReadonlySet<FormName> = new Set(['login', 'second_factor', 'recovery_code'])
/** Fields that are never shown again. */
const secrets: ReadonlySet<string> = new Set(['password', 'code', 'recovery_code'])

/** Whether a page's form is sent by the browser itself, without scripts. */
export function isFormPost(event: H3Event): boolean {
  const type = getHeader(event, 'content-type') ?? ''
  return event.method === 'POST' && /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i.test(type)
}

/**
 * Answers a form that was sent without scripts: calls the API as the page would, and redirects to the page, which
 * shows what the API said. After a sign-in it redirects to where the user wanted to go.
 * @param localCall Nitro's in-process call
 * @throws ApiError 403 for a form of another site, 413, 408
 */
export async function answerForm(event: H3Event, localCall: NitroApp['localCall']): Promise<void> {
  requireOwnPage(event, event.context.own_origin!)
  await receiveBody(event)
  const input = new URLSearchParams(readBytes(event).toString('utf8'))
  const [path = '/', query = ''] = event.path.split('?', 2)
  const found = findForm(event.context.tenancy!.surface, path, input.get('form'))
  // Of a form that needs scripts, sent before they had run.
  if (!found) return sendRedirect(event, event.path, 303)
  const { name, form } = found
  const values = Object.fromEntries(form.fields.map(field => [field, input.get(field) ?? '']))
  const { status, body } = await callApi(event, localCall, form, values)
  if (signIns.has(name) && status === 200)
    return sendRedirect(event, safeRedirect(new URLSearchParams(query).get('redirect')), 303)
  keepAnswer(event, { form: name, status, body, values })
  return sendRedirect(event, event.path, 303)
}

async function callApi(
  event: H3Event,
  localCall: NitroApp['localCall'],
  { endpoint, body = fields => fields }: PageForm,
  values: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  const response = await localCall({
    url: `/api/v1/${endpoint}`,
    method: 'POST',
    headers: {
      'host': getHeader(event, 'host') ?? '',
      'user-agent': getHeader(event, 'user-agent') ?? '',
      'content-type': 'application/json',
      ...deviceHeader(event),
    },
    body: JSON.stringify(body(values)),
    context: event.context.inner as InnerContext & Record<string, unknown>,
  })
  for (const cookie of [response.headers['set-cookie'] ?? []].flat())
    appendResponseHeader(event, 'set-cookie', String(cookie))
  return { status: response.status, body: parsed(String(response.body ?? '')) }
}

/** A remembered browser needs no second factor. The session's cookies are not passed on: a form opens a new one. */
function deviceHeader(event: H3Event): { cookie?: string } {
  const { config } = requireRuntime().app
  const { device } = readSessionCookies(event, config)
  return device === undefined ? {} : { cookie: `${cookieNames(config).device}=${device}` }
}

function parsed(text: string): unknown {
  return text.length > 0 && text.length <= bodyLimit ? JSON.parse(text) : undefined
}

function keepAnswer(event: H3Event, { values, ...answer }: FormAnswer): void {
  const { protocol } = requireRuntime().app.config
  const shown = Object.entries(values).filter(([field]) => !secrets.has(field))
  const shortened = Object.fromEntries(shown.map(([field, value]) => [field, value.slice(0, valueLimit)]))
  setCookie(event, formCookie(protocol), JSON.stringify({ ...answer, values: shortened }), {
    httpOnly: true,
    secure: protocol === 'https',
    sameSite: 'lax',
    path: '/',
    maxAge: answerLife,
  })
}
