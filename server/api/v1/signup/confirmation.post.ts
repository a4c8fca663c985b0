import { signupConfirmationSchema } from '../../../../shared/schemas/signup.ts'
import { confirmSignup } from '../../../domain/signups.ts'
import { defineSiteRoute } from '../../../http/route.ts'
import { requireRuntime } from '../../../runtime.ts'

/** Makes the organisation, or has it wait for an operator; again, it only says how that went. */
export default defineSiteRoute({ access: 'public', body: signupConfirmationSchema }, ({ app, body, origin }) => {
  const { token, ...change } = body
  return confirmSignup(app, requireRuntime().migrations.tenant, token, change, origin)
})
