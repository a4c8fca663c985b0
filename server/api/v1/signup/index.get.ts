import { hasMailbox } from '#server/http/mailbox.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { signupTermsAnswer } from '#shared/answers/signups.ts'
import type { SignupTerms } from '#shared/answers/signups.ts'

/** Whether organisations can be signed up here: `open`, with an operator's `approval`, or `closed`. */
export default defineSiteRoute(
  { summary: 'Get the terms of signing up', access: 'public', answer: signupTermsAnswer },
  ({ app }): SignupTerms => ({
    policy: app.config.signup,
    base_domain: app.config.baseDomain,
    mailbox: hasMailbox(app.config),
  }),
)
