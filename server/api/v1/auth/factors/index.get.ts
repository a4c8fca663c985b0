import { readFactors } from '#server/domain/factors/factors.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { factorsAnswer } from '#shared/answers/factors.ts'

export default defineRealmRoute(
  {
    summary: 'List the own second factors',
    access: 'signed-in',
    enrolment: true,
    support: false,
    answer: factorsAnswer,
  },
  ({ app, authRealm, principal }) => readFactors(app, authRealm.realm, principal.user.id),
)
