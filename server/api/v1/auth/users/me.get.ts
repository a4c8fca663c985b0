import { presentMe } from '#server/domain/users/present.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { meAnswer } from '#shared/answers/users.ts'

export default defineRealmRoute(
  { summary: 'Get the own account', access: 'signed-in', enrolment: true, answer: meAnswer },
  ({ authRealm, principal }) => presentMe(authRealm, principal.user, principal.session),
)
