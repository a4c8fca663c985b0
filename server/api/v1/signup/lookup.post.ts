import { readSignupProgress } from '#server/domain/signups/confirm.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { signupProgressAnswer } from '#shared/answers/signups.ts'
import { signupTokenSchema } from '#shared/schemas/signups.ts'

/** The data for the page behind a sign-up's link; it does not use the link up. */
export default defineSiteRoute(
  { summary: 'Check the link of a sign-up', access: 'public', body: signupTokenSchema, answer: signupProgressAnswer },
  ({ app, body, audit }) => readSignupProgress(app, body.token, audit),
)
