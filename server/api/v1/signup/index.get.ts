import { hasMailbox } from '#server/http/mailbox.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import type { SignupTerms } from '#shared/types/signups.ts'

/** Whether organisations can be signed up here. */
export default defineSiteRoute({ access: 'public' }, ({ app }): SignupTerms => ({
  policy: app.config.signup,
  base_domain: app.config.baseDomain,
  mailbox: hasMailbox(app.config),
}))
