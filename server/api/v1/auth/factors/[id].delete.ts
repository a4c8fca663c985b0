import { removeFactor } from '#server/domain/factors/factors.ts'
import { defineRealmRoute } from '#server/http/route.ts'

/** The last one cannot be removed where the organisation requires one: 409 `factor_required`. */
export default defineRealmRoute(
  {
    summary: 'Remove a second factor',
    access: 'signed-in',
    enrolment: true,
    reauthentication: true,
    status: 204,
  },
  ({ app, authRealm, principal, params, audit }) => removeFactor(app, authRealm, principal.user, params.id!, audit),
)
