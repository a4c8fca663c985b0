import { canManageUsers } from '../../../../shared/permissions.ts'
import { recordAudit } from '../../../domain/audit.ts'
import { directoryBatches, directoryHeader } from '../../../domain/directory.ts'
import { directoryFilter, directoryQuery } from '../../../http/directory-query.ts'
import { defineTenantRoute } from '../../../http/route.ts'
import { givenFilters } from '../../../http/list.ts'
import { sendCsv } from '../../../http/send-csv.ts'

/** The directory as a file, with the directory's search and filters. */
export default defineTenantRoute({ access: canManageUsers, turn: 'export', support: false, query: directoryQuery }, async ({ authRealm: { realm }, query, origin, event }) => {
  await recordAudit(realm.db, realm, origin, { action: 'users.exported', details: givenFilters(query) })
  return sendCsv(event, 'people', directoryHeader, directoryBatches(realm, directoryFilter(realm, query, true)))
})
