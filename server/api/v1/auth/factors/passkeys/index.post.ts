import { addPasskey } from '#server/domain/factors/enrol-passkey.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { newPasskeyAnswer } from '#shared/answers/factors.ts'
import { newPasskeySchema } from '#shared/schemas/factors.ts'

export default defineRealmRoute(
  {
    summary: 'Add a passkey',
    access: 'signed-in',
    enrolment: true,
    reauthentication: true,
    status: 201,
    body: newPasskeySchema,
    idempotency: 'once',
    answer: newPasskeyAnswer,
  },
  ({ app, authRealm, principal, body, audit, event }) =>
    addPasskey(app, authRealm, principal, body, event.context.own_origin!, audit),
)
