import { presentUser } from '#server/domain/users/present.ts'
import { requireVisibleUser } from '#server/domain/users/users.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { userAnswer } from '#shared/answers/users.ts'

export default defineRealmRoute(
  { summary: 'Get a user', access: 'signed-in', answer: userAnswer },
  async ({ authRealm, principal, params }) =>
    presentUser(authRealm, await requireVisibleUser(authRealm, principal.user, params.id!)),
)
