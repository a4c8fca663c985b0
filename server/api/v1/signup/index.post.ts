import { requestSignup } from '#server/domain/signups/request.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { emptyAnswer } from '#shared/answers/fields.ts'
import { signupSchema } from '#shared/schemas/signups.ts'

/** The same answer for every address; the address gets a mail to confirm it. 403 `signup_closed` where it is closed. */
export default defineSiteRoute(
  { summary: 'Sign an organisation up', access: 'public', body: signupSchema, status: 202, answer: emptyAnswer },
  async ({ app, body, audit }) => {
    await requestSignup(app, body, audit)
    return {}
  },
)
