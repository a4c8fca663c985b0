import { readSignupProgress } from '#server/domain/signups/confirm.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { signupTokenSchema } from '#shared/schemas/signup.ts'

/** What the page behind a sign-up's link shows; it uses nothing up. */
export default defineSiteRoute({ access: 'public', body: signupTokenSchema }, ({ app, body, origin }) =>
  readSignupProgress(app, body.token, origin),
)
