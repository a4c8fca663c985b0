import { canSupportTenants } from '../../../../shared/permissions.ts'
import { recordAudit } from '../../../domain/audit.ts'
import { retryMails } from '../../../domain/outbox.ts'
import { definePlatformRoute } from '../../../http/route.ts'

/** Has every mail tried again at once that was given up or waits for long. */
export default definePlatformRoute({ access: canSupportTenants }, ({ authRealm: { realm }, origin }) => realm.transaction(async (tx) => {
  const retried = await retryMails(tx)
  if (retried > 0) await recordAudit(tx, realm, origin, { action: 'mail.retried', details: { mails: retried } })
  return { retried }
}))
