import { listQuery } from '#server/domain/lib/list-query.ts'
import { searchRows } from '#server/domain/lib/search.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readPage } from '#server/http/list.ts'
import { mailboxId, requireMailbox } from '#server/http/mailbox.ts'
import { defineHostRoute } from '#server/http/route.ts'
import { readKeptMails } from '#server/mail/mail-files.ts'
import { page } from '#shared/answers/fields.ts'
import { keptMailAnswer } from '#shared/answers/mail.ts'

/** The mails of this host, newest first; in development and the demo only. */
export default defineHostRoute(
  {
    summary: 'List the mails of the demo',
    access: 'public',
    query: listQuery([], ['to', 'subject']),
    answer: page(keptMailAnswer),
  },
  ({ app, authRealm, query, event }) => {
    const dir = requireMailbox(app.config)
    return readPage(event, query, async window => {
      const { count, mails } = await findMails(dir, mailboxId(authRealm), query.search, window)
      return { count, rows: mails.map(({ id, to, subject, date }) => ({ id, to, subject, date })) }
    })
  },
)

// Without a search, only the mails of the page are read.
async function findMails(dir: string, mailbox: string, search: string, window: Window) {
  if (!search) return readKeptMails(dir, mailbox, window)
  const { mails } = await readKeptMails(dir, mailbox, { offset: 0, limit: Number.POSITIVE_INFINITY })
  const found = searchRows(search, mails, ({ to, subject }) => [to, subject])
  return { count: found.length, mails: found.slice(window.offset, window.offset + window.limit) }
}
