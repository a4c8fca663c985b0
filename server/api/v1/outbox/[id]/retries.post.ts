import { canSupportTenants } from '../../../../../shared/permissions.ts'
import { retryOutbox } from '../../../../domain/outbox-list.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

/** Has one mail tried again at once; 404 where it is sent, or being sent. */
export default definePlatformRoute({ access: canSupportTenants }, async ({ app, params, origin }) => ({ retried: await retryOutbox(app, origin, params.id!) }))
