import type { ErrorCode } from '#shared/errors.ts'
import { ApiError, forbidden, unauthorized } from '#shared/errors.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'

/** The answer of a closed tenant to every request. */
export function tenantInactive(status: Exclude<TenantStatus, 'active'>): ApiError {
  return forbidden(`This organisation is ${closedWords[status]}.`, 'tenant_inactive')
}

const closedWords = { suspended: 'suspended', deleting: 'closed', purging: 'closed' } as const

/** The answer of a tenant in maintenance to every request. */
export function inMaintenance(): ApiError {
  return new ApiError(
    503,
    { detail: 'This organisation is under maintenance, try again later.', code: 'maintenance' satisfies ErrorCode },
    { 'retry-after': '60' },
  )
}

/** The answer on the host of a tenant whose schema this program cannot read yet. */
export function beingUpdated(): ApiError {
  return new ApiError(
    503,
    {
      detail: 'This organisation is being updated, try again in a moment.',
      code: 'unavailable' satisfies ErrorCode,
    },
    { 'retry-after': '5' },
  )
}

/** The answer of a tenant's former host to every method: the same path on the current host. */
export function tenantMoved(location: string): ApiError {
  return new ApiError(
    308,
    { detail: 'This organisation has another address now.', code: 'tenant_moved' satisfies ErrorCode },
    { location },
  )
}

/** The only answer after which a client may forget that it was signed in. */
export function sessionRevoked(): ApiError {
  return unauthorized({ detail: 'Session has ended.', code: 'session_revoked' })
}

/** The same answer, byte for byte, for an unknown address, a wrong password, and an account that may not sign in. */
export function noActiveAccount(): ApiError {
  return unauthorized({ detail: 'No active account found with the given credentials' })
}

/** For an operator in a read-only support session. */
export function readOnly(): ApiError {
  return forbidden('This support session is read-only.', 'read_only')
}

/** For an operator in a support session who uses a route that only the user may use. */
export function beyondSupport(): ApiError {
  return forbidden('This cannot be done in a support session.', 'support_refused')
}

/** For a session that may only be used to add a second factor. */
export function enrolmentRequired(): ApiError {
  return forbidden('Add a second factor first.', 'second_factor_enrolment_required')
}

/** The answer to a refresh token that was replaced, or whose session was ended with it. */
export function blacklisted(): ApiError {
  return unauthorized({ detail: 'Token is blacklisted', code: 'token_not_valid' })
}
