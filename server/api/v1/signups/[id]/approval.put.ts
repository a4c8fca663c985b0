import { approveSignup } from '#server/domain/signups/decisions.ts'
import { presentSignup } from '#server/domain/signups/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { signupAnswer } from '#shared/answers/signups.ts'
import { canDecideSignups } from '#shared/permissions.ts'

/** Creates the organisation. Repeating changes nothing; 409 `signup_decided` if it was refused. */
export default definePlatformRoute(
  { summary: 'Approve a sign-up', access: canDecideSignups, answer: signupAnswer },
  async ({ app, params, audit }) =>
    presentSignup(await approveSignup(app, requireRuntime().migrations.tenant, params.id!, audit)),
)
