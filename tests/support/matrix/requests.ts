import { newId } from '#server/database/ids.ts'
import { fromSystem } from '#server/domain/context.ts'
import { hashOf, newToken } from '#server/domain/sessions/one-time-links.ts'
import { scheduleDeletion } from '#server/domain/tenants/lifecycle/deletion.ts'
import { startMaintenance } from '#server/domain/tenants/lifecycle/maintenance.ts'
import { suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { formOf } from '../browser/form.ts'
import { sampler } from '../data/samples.ts'
import type { Call } from '../http.ts'
import type { Route } from '../routes.ts'
import { codeOf } from '../data/totp.ts'
import { addPerson } from '../world.ts'
import type { Caller } from './callers.ts'
import { placeOf } from './cases.ts'
import { newPasskey, passkeySignIn, protect, secondStep } from './factors.ts'
import { enter } from './people.ts'
import type { Setting } from './setting.ts'
import type { Situation } from './situation.ts'
import type { Params } from './targets.ts'
import { newAddress } from './fresh.ts'
import { elsewhere, addAccess, addDepartment, addInvitation, addSignup } from './targets.ts'
import type { Target } from './verdicts.ts'
import { nameOf } from './verdicts.ts'

export interface Request extends Call {
  path: string
}

type Maker = (situation: Situation) => Call | Promise<Call>

/** What is known of a user who is created for a request. */
const password = 'an unlikely row of words'
const newPassword = 'some other row of words'

/** The requests that the schema alone does not describe: mostly, they contain the credential. */
const makers: Record<string, Maker> = {
  'POST /api/v1/auth/jwt/blacklist/': async situation => ({ body: { refresh: await refreshTokenFor(situation) } }),
  'POST /api/v1/auth/jwt/refresh/': async situation => ({ body: { refresh: await refreshTokenFor(situation) } }),
  'POST /api/v1/auth/jwt/verify/': async situation => ({ body: { token: await refreshTokenFor(situation) } }),
  'POST /api/v1/auth/jwt/create/': signIn,
  'POST /api/v1/auth/session/': signIn,
  'POST /api/v1/auth/jwt/second-factor/': secondStep,
  'POST /api/v1/auth/session/second-factor/': secondStep,
  'POST /api/v1/auth/jwt/passkey/': passkeySignIn,
  'POST /api/v1/auth/session/passkey/': passkeySignIn,
  'POST /api/v1/auth/passkeys/options/': () => ({ body: {} }),
  'POST /api/v1/auth/factors/passkeys/': newPasskey,
  'PUT /api/v1/auth/factors/totp/[id]/confirmation/': ({ params }) => ({
    body: { code: params.secret ? codeOf(params.secret) : '123456' },
  }),
  'POST /api/v1/auth/reauthentication/': ({ caller }) => ({ body: { current_password: passwordOf(caller) } }),
  'DELETE /api/v1/auth/session/': withRefreshCookie,
  'POST /api/v1/auth/session/refresh/': withRefreshCookie,
  'POST /api/v1/auth/session/support/': async ({ setting, target, place }) => {
    const { token } = await addAccess(setting.sql, place, place.staff.id, setting.world.console)
    return { body: { token: target === 'absent' ? newToken() : token } }
  },
  'POST /api/v1/auth/users/activation/': async situation => ({ body: await linkFor(situation, 'activation') }),
  'POST /api/v1/auth/users/link_lookup/': async situation => ({
    body: { ...(await linkFor(situation, 'reset')), purpose: 'reset' },
  }),
  'POST /api/v1/auth/users/reset_password_confirm/': async situation => ({
    body: { ...(await linkFor(situation, 'reset')), new_password: newPassword },
  }),
  'POST /api/v1/auth/users/set_email_confirm/': async situation => ({ body: await linkFor(situation, 'email') }),
  'POST /api/v1/auth/users/resend_activation/': addressFor,
  'POST /api/v1/auth/users/reset_password/': addressFor,
  'POST /api/v1/auth/users/': ({ caller: { role } }) => ({
    body: { email: newAddress(), ...(role !== 'Admin' && { password }) },
  }),
  'POST /api/v1/invitations/accept/': async situation => ({
    body: { token: await invitationFor(situation), first_name: 'Wren', password },
  }),
  'POST /api/v1/invitations/lookup/': async situation => ({ body: { token: await invitationFor(situation) } }),
  'POST /api/v1/signup/confirmation/': async situation => ({ body: { token: await signupFor(situation) } }),
  'POST /api/v1/signup/lookup/': async situation => ({ body: { token: await signupFor(situation) } }),
  'POST /api/v1/tenants/info/': () => ({ body: { subdomain: 'acme' } }),
  'POST /api/v1/auth/users/set_password/': ({ caller }) => ({
    body: { current_password: passwordOf(caller), new_password: newPassword },
  }),
  'PATCH /api/v1/organization/': () => ({ body: { brand_color: '#112233' } }),
  'POST /api/v1/invitations/bulk/': () => ({ body: { invitations: [{ email: newAddress() }] } }),
  'PATCH /api/v1/auth/users/[id]/': rename,
  'PUT /api/v1/auth/users/[id]/': rename,
  'PATCH /api/v1/auth/users/me/': rename,
  'PUT /api/v1/auth/users/me/': rename,
}

/** What must be the case before a request can succeed. */
const preparations: Record<string, (situation: Situation) => Promise<unknown>> = {
  'POST /api/v1/auth/factors/recovery-codes/': ({ setting: { world }, caller }) => protect(world, caller),
  'GET /api/v1/users/[id]/photo/': situation => upload(situation, `users/${situation.params.id}/photo`, 'photo'),
  'GET /api/v1/organization/logo/': situation => upload(situation, 'organization/logo', 'logo'),
  'DELETE /api/v1/tenants/[id]/deletion/': ({ setting: { world }, params }) =>
    scheduleDeletion(world.app, params.id!, null, fromSystem),
  'DELETE /api/v1/tenants/[id]/suspension/': ({ setting: { world }, params }) =>
    suspendTenant(world.app, params.id!, null, fromSystem),
  'DELETE /api/v1/tenants/[id]/maintenance/': ({ setting: { world }, params }) =>
    startMaintenance(world.app, params.id!, fromSystem),
  'PUT /api/v1/tenants/[id]/domains/[host]/primary/': ({ setting: { sql }, params }) =>
    sql`update platform.domains set verified_at = now() where host = ${params.host!}`,
  'DELETE /api/v1/tenants/[id]/domains/[host]/primary/': async ({ setting: { sql }, params }) => {
    await sql`update platform.domains set is_primary = false where tenant = ${params.id!}`
    await sql`update platform.domains set verified_at = now(), is_primary = true where host = ${params.host!}`
  },
}

/** Routes that are not in the tables by which others are found. */
export const madeRoutes = [...Object.keys(makers), ...Object.keys(preparations)]

/** A request that is valid, except for what its target makes wrong. @throws Error if the schema's fields are unknown */
export async function requestOf(
  route: Route,
  setting: Setting,
  caller: Caller,
  target: Target,
  params: Params,
): Promise<Request> {
  const home = placeOf(route, caller, setting)
  const place = target === 'other' ? elsewhere(home, setting) : home
  const situation = { setting, caller, target, params, place }
  const made = await (makers[nameOf(route)] ?? madeBySchema)(situation)
  return { method: route.method, path: pathOf(route, params), sameOrigin: true, ...caller.credentials, ...made }

  async function madeBySchema(): Promise<Call> {
    const { method, carries, bodies } = route
    if (carries === 'form') {
      const name = /\/logo\/$/.test(route.path) ? 'logo' : 'photo'
      return formOf([{ name, content: setting.picture }])
    }
    if (carries === 'csv') return { body: `email\n${newAddress()}\n`, headers: { 'content-type': 'text/csv' } }
    if (bodies.length > 0) return { body: sampler(bodies[0]!, await knownFields(situation))() }
    return method === 'GET' ? {} : { body: {} }
  }
}

/** Makes what a request needs to succeed. */
export async function prepare(route: Route, setting: Setting, caller: Caller, params: Params): Promise<void> {
  const place = setting.world.acme
  await preparations[nameOf(route)]?.({ setting, caller, target: 'same', params, place })
}

const queries: Record<string, string> = {
  '/api/v1/domains/ask/': '?domain=acme.localhost',
  '/api/v1/people/': '?search=ann',
}

function pathOf({ path }: Route, params: Params): string {
  return path.replaceAll(/\[(\w+)\]/g, (_, name: string) => params[name]!) + (queries[path] ?? '')
}

async function knownFields({ setting, caller, params }: Situation): Promise<Record<string, unknown>> {
  const { world, archive } = setting
  const user = params.user ?? world.acme.staff.id
  return {
    user,
    ids: [user],
    department: await addDepartment(setting, world.acme),
    current_password: passwordOf(caller),
    photo: null,
    archive,
  }
}

function passwordOf({ person }: Caller): string {
  return person?.password ?? password
}

async function upload({ setting: { world, keeper, picture } }: Situation, path: string, name: string): Promise<void> {
  const form = formOf([{ name, content: picture }])
  const answer = await world.acme.call(`/api/v1/${path}/`, { method: 'PUT', token: keeper, ...form })
  if (answer.status !== 200) throw new Error(`The upload was answered ${answer.text}`)
}

function rename(): Call {
  return { body: { first_name: 'Wren' } }
}

async function signIn({ setting: { world }, target, place }: Situation): Promise<Call> {
  if (target === 'absent') return { body: { email: newAddress(), password } }
  const { email } = await addPerson(world, place, newAddress())
  return { body: { email, password } }
}

async function addressFor({ setting: { world }, target, place }: Situation): Promise<Call> {
  return { body: { email: target === 'absent' ? newAddress() : (await addPerson(world, place, newAddress())).email } }
}

async function refreshTokenFor({ setting: { world }, target, place }: Situation): Promise<string> {
  return target === 'absent' ? newToken() : (await enter(world, place, 'Staff')).refresh
}

async function withRefreshCookie(situation: Situation): Promise<Call> {
  return { token: undefined, cookies: { tenantry_refresh: await refreshTokenFor(situation) }, body: {} }
}

async function invitationFor({ setting, target, place }: Situation): Promise<string> {
  return target === 'absent' ? newToken() : (await addInvitation(setting, place)).token
}

async function signupFor({ setting: { sql }, target }: Situation): Promise<string> {
  return target === 'absent' ? newToken() : (await addSignup(sql)).token
}

async function linkFor(
  { setting: { world, sql }, target, place }: Situation,
  purpose: 'activation' | 'reset' | 'email',
): Promise<{ uid: string; token: string }> {
  const { id } = await addPerson(world, place, newAddress())
  const token = newToken()
  const schema = sql(place.schema)
  if (purpose === 'activation') await sql`update ${schema}.users set activated_at = null where id = ${id}`
  await sql`
    insert into ${schema}.one_time_tokens (id, user_id, purpose, token_hash, payload, created, expires_at)
    values (${newId()}, ${id}, ${purpose}, ${hashOf(token)}, ${sql.json({ email: newAddress() })}, now(),
      now() + interval '1 hour')`
  const uid = Buffer.from(target === 'absent' ? newId() : id).toString('base64url')
  return { uid, token }
}
