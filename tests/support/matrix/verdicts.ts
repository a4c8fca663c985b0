import type { Surface } from '#shared/types/surface.ts'
import { canManageSessions, canManageUsers } from '#shared/permissions.ts'
import type { Permission } from '#shared/permissions.ts'
import type { Role } from '#shared/answers/users.ts'
import type { Route } from '../routes.ts'

/**
 * Whose object a request names: the caller's own, another one of the same organisation, one of another organisation, or
 * one that does not exist. `none`: it names no object.
 */
export type Target = 'none' | 'own' | 'same' | 'other' | 'absent'

/** What decides on a caller's rights. */
export interface Standing {
  surface: Surface
  /** Undefined for visitors, and for callers whose credentials are refused. */
  role?: Role
  /** The answer to credentials that are not valid here and now. */
  refusal?: Verdict
  /** The organisation is closed to everybody. */
  isClosed?: boolean
  /** An operator who has signed in as a user. */
  support?: 'read-only' | 'full'
  /** Their session may only be used to add a second factor. */
  mustEnrol?: boolean
  /** They have not proved for a while that it is them. */
  isStale?: boolean
}

/** The answer that a request must get. */
export interface Verdict {
  status: number
  /** Undefined if the answer has none. */
  code?: string
}

const nobody: Permission = () => false

/** Routes of objects that belong to a person: whoever may not do it for others does not find theirs. */
const personal: Record<string, Permission> = {
  'DELETE /api/v1/auth/users/[id]/': canManageUsers,
  'GET /api/v1/auth/users/[id]/': canManageUsers,
  'PATCH /api/v1/auth/users/[id]/': canManageUsers,
  'PUT /api/v1/auth/users/[id]/': canManageUsers,
  'DELETE /api/v1/users/[id]/photo/': canManageUsers,
  'PUT /api/v1/users/[id]/photo/': canManageUsers,
  'DELETE /api/v1/sessions/[id]/': canManageSessions,
  'DELETE /api/v1/auth/factors/[id]/': nobody,
  'PATCH /api/v1/auth/factors/[id]/': nobody,
  'PUT /api/v1/auth/factors/totp/[id]/confirmation/': nobody,
  'DELETE /api/v1/auth/devices/[id]/': nobody,
}

/** Routes of objects that everyone in an organisation sees. */
const common = ['GET /api/v1/departments/[id]/', 'GET /api/v1/users/[id]/', 'GET /api/v1/users/[id]/photo/']

const answered = { status: 204 }
const mustEnrol = { status: 403, code: 'second_factor_enrolment_required' }
const mustReauthenticate = { status: 403, code: 'reauthentication_required' }

/** Public routes whose credential is in the request, and what they answer to one that is not valid here. */
const credentialFaults: Record<string, Verdict> = {
  'POST /api/v1/auth/jwt/blacklist/': { status: 401, code: 'token_not_valid' },
  'POST /api/v1/auth/jwt/create/': { status: 401 },
  'POST /api/v1/auth/jwt/refresh/': { status: 401, code: 'token_not_valid' },
  'POST /api/v1/auth/jwt/verify/': { status: 401, code: 'token_not_valid' },
  // Signing out of nothing is done already.
  'DELETE /api/v1/auth/session/': answered,
  'POST /api/v1/auth/session/': { status: 401 },
  'POST /api/v1/auth/jwt/second-factor/': { status: 401, code: 'challenge_expired' },
  'POST /api/v1/auth/session/second-factor/': { status: 401, code: 'challenge_expired' },
  'POST /api/v1/auth/jwt/passkey/': { status: 401, code: 'passkey_refused' },
  'POST /api/v1/auth/session/passkey/': { status: 401, code: 'passkey_refused' },
  'POST /api/v1/auth/session/refresh/': { status: 401, code: 'token_not_valid' },
  'POST /api/v1/auth/session/support/': { status: 400 },
  'POST /api/v1/auth/users/activation/': { status: 400 },
  'POST /api/v1/auth/users/link_lookup/': { status: 400 },
  // The same answer for every address.
  'POST /api/v1/auth/users/resend_activation/': answered,
  'POST /api/v1/auth/users/reset_password/': answered,
  'POST /api/v1/auth/users/reset_password_confirm/': { status: 400 },
  'POST /api/v1/auth/users/set_email_confirm/': { status: 400 },
  'POST /api/v1/invitations/accept/': { status: 400 },
  'POST /api/v1/invitations/lookup/': { status: 400 },
  'POST /api/v1/signup/confirmation/': { status: 400 },
  'POST /api/v1/signup/lookup/': { status: 400 },
}

/** Registers visitors on the portal, if the organisation is open; an Admin's request is served as theirs. */
const registration = 'POST /api/v1/auth/users/'

export function isRegistration(route: Route): boolean {
  return nameOf(route) === registration
}

export function nameOf({ method, path }: Route): string {
  return `${method} ${path}`
}

/** Public routes that a credential in the request opens. */
export const credentialRoutes = Object.keys(credentialFaults)

/** Every route that the tables above name. */
export const namedRoutes = [...Object.keys(personal), ...common, ...credentialRoutes, registration]

/**
 * The answer to a valid request, from what the route declares and shared/permissions.ts.
 * @throws Error for a route of everyone's objects that nobody has decided about
 */
export function verdictOf(route: Route, caller: Standing, target: Target): Verdict {
  const success = { status: route.status }
  // Load balancers and proxies ask these, whatever the host.
  if (route.access === undefined) return success
  if (caller.isClosed) return { status: 403, code: 'tenant_inactive' }
  if (!route.surfaces.includes(caller.surface)) return { status: 404 }
  if (route.access === 'public') return publicVerdict(route, caller, target)
  const refusal = refusalOf(route, caller)
  if (refusal) return refusal
  if (target === 'other' || target === 'absent') return { status: 404 }
  if (target === 'same' && !mayTouch(route, caller)) return { status: 404 }
  return success
}

/** Whether a request is refused because of its sender, whatever it names. */
function refusalOf(
  { method, access, support, enrolment, reauthentication }: Route,
  caller: Standing,
): Verdict | undefined {
  if (caller.refusal) return caller.refusal
  if (caller.role === undefined) return { status: 401 }
  const isRead = method === 'GET'
  if (caller.support === 'read-only' && !isRead) return { status: 403, code: 'read_only' }
  if (caller.support && !(support ?? isRead)) return { status: 403, code: 'support_refused' }
  if (caller.mustEnrol && !enrolment) return mustEnrol
  if (typeof access === 'function' && !access({ id: '', role: caller.role })) return { status: 403 }
  const isAsked = reauthentication === 'console' ? caller.surface === 'console' : reauthentication
  return caller.isStale && isAsked ? mustReauthenticate : undefined
}

function mayTouch(route: Route, caller: Standing): boolean {
  const name = nameOf(route)
  const mayManage = personal[name]
  if (mayManage) return mayManage({ id: '', role: caller.role! })
  if (typeof route.access === 'function' || common.includes(name)) return true
  throw new Error(`${name}: say in ${import.meta.filename} who may do it with whose objects`)
}

function publicVerdict(route: Route, caller: Standing, target: Target): Verdict {
  const name = nameOf(route)
  if (name === registration) {
    if (caller.refusal) return caller.refusal
    if (caller.support) return { status: 403, code: caller.support === 'full' ? 'support_refused' : 'read_only' }
    if (caller.mustEnrol) return mustEnrol
    if (caller.isStale && caller.surface === 'console') return mustReauthenticate
    if (caller.role === undefined || !canManageUsers({ id: '', role: caller.role })) {
      if (caller.surface === 'console') return { status: 403, code: 'registration_closed' }
    }
  }
  const isForeign = target === 'other' || target === 'absent'
  return isForeign ? (credentialFaults[name] ?? { status: 404 }) : { status: route.status }
}
