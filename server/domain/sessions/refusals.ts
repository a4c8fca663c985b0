import type { ErrorCode } from '#shared/errors.ts'
import { ApiError, forbidden, unauthorized } from '#shared/errors.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'

/** The one answer of a tenant that is closed, for everything on its host. */
export function tenantInactive(status: Exclude<TenantStatus, 'active'>): ApiError {
  return forbidden(`This organisation is ${closedWords[status]}.`, 'tenant_inactive')
}

const closedWords = { suspended: 'suspended', deleting: 'closed', purging: 'closed' } as const

/** The answer for everything on the host of a tenant that is being worked on. */
export function inMaintenance(): ApiError {
  return new ApiError(
    503,
    { detail: 'This organisation is under maintenance, try again later.', code: 'maintenance' satisfies ErrorCode },
    { 'retry-after': '60' },
  )
}

/** What a tenant's former host answers, with any method: the same path on the host that it has now. */
export function tenantMoved(location: string): ApiError {
  return new ApiError(
    308,
    { detail: 'This organisation has another address now.', code: 'tenant_moved' satisfies ErrorCode },
    { location },
  )
}

/** The one answer after which a client may forget that it was signed in. */
export function sessionRevoked(): ApiError {
  return unauthorized({ detail: 'Session has ended.', code: 'session_revoked' })
}

/** One answer, byte for byte, for an unknown address, a wrong password, and an account that may not sign in. */
export function noActiveAccount(): ApiError {
  return unauthorized({ detail: 'No active account found with the given credentials' })
}

/** To whoever signed in as a user only to look. */
export function readOnly(): ApiError {
  return forbidden('This support session is read-only.', 'read_only')
}

/** To whoever signed in as a user, for support, and does what remains the user's own to do. */
export function beyondSupport(): ApiError {
  return forbidden('This cannot be done in a support session.', 'support_refused')
}

/** The answer to a refresh token that has been replaced, or whose session was ended with it. */
export function blacklisted(): ApiError {
  return unauthorized({ detail: 'Token is blacklisted', code: 'token_not_valid' })
}
