import { confirmSignup } from '#server/domain/signups/confirm.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { signupConfirmationSchema } from '#shared/schemas/signup.ts'

/** Makes the organisation, or has it wait for an operator; again, it only says how that went. */
export default defineSiteRoute({ access: 'public', body: signupConfirmationSchema }, ({ app, body, origin }) => {
  const { token, ...change } = body
  return confirmSignup(app, requireRuntime().migrations.tenant, token, change, origin)
})
