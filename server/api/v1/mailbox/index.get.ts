import { readKeptMails } from '../../../mail/mail-files.ts'
import { requireMailbox } from '../../../http/mailbox.ts'
import { listQuery, toPage, windowOf } from '../../../http/list.ts'
import { defineRealmRoute } from '../../../http/route.ts'

/** The mails of this place, newest first; in development and the demo only. */
export default defineRealmRoute({ access: 'public', query: listQuery([]) }, async ({ app, authRealm, query, event }) => {
  const dir = requireMailbox(app.config)
  const window = windowOf(query)
  const { count, mails } = await readKeptMails(dir, authRealm.id, window)
  return toPage(event, window, count, mails.map(({ id, to, subject, date }) => ({ id, to, subject, date })))
})
