import { readKeptMails } from '../../../mail/mail-files.ts'
import { mailboxId, requireMailbox } from '../../../http/mailbox.ts'
import { listQuery, toPage, windowOf } from '../../../http/list.ts'
import { defineHostRoute } from '../../../http/route.ts'

/** The mails of this place, newest first; in development and the demo only. */
export default defineHostRoute({ access: 'public', query: listQuery([]) }, async ({ app, authRealm, query, event }) => {
  const dir = requireMailbox(app.config)
  const window = windowOf(query)
  const { count, mails } = await readKeptMails(dir, mailboxId(authRealm), window)
  return toPage(event, window, count, mails.map(({ id, to, subject, date }) => ({ id, to, subject, date })))
})
