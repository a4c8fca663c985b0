import { confirmSignup } from '#server/domain/signups/confirm.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { signupProgressAnswer } from '#shared/answers/signups.ts'
import { signupConfirmationSchema } from '#shared/schemas/signups.ts'

/**
 * Creates the organisation, or queues it for an operator's decision. `name` and `subdomain` replace the first ones if
 * they are taken by now. `password_link`, with which the first Admin sets a password, is returned once; another call
 * only reports the state.
 */
export default defineSiteRoute(
  { summary: 'Confirm a sign-up', access: 'public', body: signupConfirmationSchema, answer: signupProgressAnswer },
  ({ app, body, audit }) => {
    const { token, ...change } = body
    return confirmSignup(app, requireRuntime().migrations.tenant, token, change, audit)
  },
)
