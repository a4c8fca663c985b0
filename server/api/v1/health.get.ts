import { canReadTenants } from '../../../shared/permissions.ts'
import { readHealth } from '../../domain/health.ts'
import { definePlatformRoute } from '../../http/route.ts'
import { requireRuntime } from '../../runtime.ts'

/** How this process and its database do; others may do otherwise. */
export default definePlatformRoute({ access: canReadTenants }, ({ app }) => readHealth(app, requireRuntime().isListening()))
