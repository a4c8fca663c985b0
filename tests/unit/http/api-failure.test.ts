import { describe, expect, it } from 'vitest'
import { ApiFailure } from '#shared/api-failure.ts'

describe('a failed call', () => {
  it('tells the fields of a 400 apart from everything else', () => {
    const failure = new ApiFailure(400, {
      email: ['Enter a valid email address.'],
      detail: 'x',
      non_field_errors: ['No.'],
    })
    expect(failure.fieldErrors).toEqual({ email: ['Enter a valid email address.'], non_field_errors: ['No.'] })
    expect(new ApiFailure(409, { email: ['x'] }).fieldErrors).toEqual({})
  })

  it('has a text for a person, whatever came back', () => {
    expect(
      new ApiFailure(429, { detail: 'Request was throttled. Expected available in 42 seconds.' }).message,
    ).toContain('42 seconds')
    expect(new ApiFailure(0, {}).message).toContain('cannot be reached')
    expect(new ApiFailure(503, { detail: 'pool exhausted' }).message).not.toContain('pool')
    expect(new ApiFailure(500, { detail: 'relation "t_x.users" does not exist' }).message).not.toContain('t_x')
    for (const body of [undefined, null, '<html>', ['x'], 7])
      expect(new ApiFailure(418, body).message).toBe('Something went wrong. Please try again.')
  })

  it('has the code that a client may branch on', () => {
    expect(new ApiFailure(401, { detail: 'Session has ended.', code: 'session_revoked' }).code).toBe('session_revoked')
    expect(new ApiFailure(401, { code: 7 }).code).toBeUndefined()
  })
})
