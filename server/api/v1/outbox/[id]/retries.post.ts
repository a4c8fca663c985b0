import { notFound } from '../../../../../shared/errors.ts'
import { canSupportTenants } from '../../../../../shared/permissions.ts'
import { recordAudit } from '../../../../domain/audit.ts'
import { retryMails } from '../../../../domain/outbox.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

/** Has one mail tried again at once; 404 where it is sent, or being sent. */
export default definePlatformRoute({ access: canSupportTenants }, ({ authRealm: { realm }, params, origin }) => realm.transaction(async (tx) => {
  const retried = await retryMails(tx, params.id!)
  if (retried === 0) throw notFound()
  await recordAudit(tx, realm, origin, { action: 'mail.retried', subject: params.id! })
  return { retried }
}))
