import { renameFactor } from '#server/domain/factors/factors.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { factorAnswer } from '#shared/answers/factors.ts'
import { factorNameSchema } from '#shared/schemas/factors.ts'

export default defineRealmRoute(
  {
    summary: 'Rename a second factor',
    access: 'signed-in',
    enrolment: true,
    body: factorNameSchema,
    answer: factorAnswer,
  },
  ({ authRealm, principal, params, body }) => renameFactor(authRealm, principal.user.id, params.id!, body.name),
)
