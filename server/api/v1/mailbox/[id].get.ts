import { notFound } from '../../../../shared/errors.ts'
import { readKeptMail } from '../../../mail/mail-files.ts'
import { linksOf, requireMailbox } from '../../../http/mailbox.ts'
import { defineRealmRoute } from '../../../http/route.ts'

/** One mail, with the links in it; in development and the demo only. */
export default defineRealmRoute({ access: 'public' }, async ({ app, authRealm, params }) => {
  const mail = await readKeptMail(requireMailbox(app.config), authRealm.id, params.id!)
  if (!mail) throw notFound()
  return { ...mail, links: linksOf(mail.text) }
})
