import { refuseSignup } from '#server/domain/signups/decisions.ts'
import { presentSignup } from '#server/domain/signups/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { signupAnswer } from '#shared/answers/signups.ts'
import { canDecideSignups } from '#shared/permissions.ts'
import { refusalSchema } from '#shared/schemas/signups.ts'

/** The reason is mailed. Repeating changes nothing; 409 `signup_decided` if the organisation was created. */
export default definePlatformRoute(
  { summary: 'Refuse a sign-up', access: canDecideSignups, body: refusalSchema, answer: signupAnswer },
  async ({ app, params, body, audit }) => presentSignup(await refuseSignup(app, params.id!, body.reason, audit)),
)
