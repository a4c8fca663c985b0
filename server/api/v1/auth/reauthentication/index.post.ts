import { reauthenticate } from '#server/domain/factors/reauthenticate.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { reauthenticationSchema } from '#shared/schemas/factors.ts'

/** For 15 minutes, this session may then do what needs reauthentication. */
export default defineRealmRoute(
  {
    summary: 'Confirm that it is the user',
    access: 'signed-in',
    enrolment: true,
    status: 204,
    body: reauthenticationSchema,
  },
  ({ app, authRealm, principal, body, audit, event }) =>
    reauthenticate(app, authRealm, principal, body, event.context.own_origin!, audit),
)
