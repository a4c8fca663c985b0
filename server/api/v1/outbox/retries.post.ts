import { canSupportTenants } from '../../../../shared/permissions.ts'
import { retryOutbox } from '../../../domain/outbox-list.ts'
import { definePlatformRoute } from '../../../http/route.ts'

/** Has every mail tried again at once that was given up or waits for long. */
export default definePlatformRoute({ access: canSupportTenants }, async ({ app, origin }) => ({ retried: await retryOutbox(app, origin) }))
