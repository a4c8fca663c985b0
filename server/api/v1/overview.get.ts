import { canReadTenants } from '../../../shared/permissions.ts'
import { readOverview } from '../../domain/overview.ts'
import { definePlatformRoute } from '../../http/route.ts'
import { requireRuntime } from '../../runtime.ts'

export default definePlatformRoute({ access: canReadTenants }, ({ app }) => readOverview(app, requireRuntime().migrations.tenant))
