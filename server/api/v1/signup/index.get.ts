import type { SignupTerms } from '../../../../shared/types/signups.ts'
import { hasMailbox } from '../../../http/mailbox.ts'
import { defineSiteRoute } from '../../../http/route.ts'

/** Whether organisations can be signed up here. */
export default defineSiteRoute({ access: 'public' }, ({ app }): SignupTerms => ({ policy: app.config.signup, base_domain: app.config.baseDomain, mailbox: hasMailbox(app.config) }))
