import { linksOf, mailboxId, requireMailbox } from '#server/http/mailbox.ts'
import { defineHostRoute } from '#server/http/route.ts'
import { readKeptMail } from '#server/mail/mail-files.ts'
import { keptMailAnswer } from '#shared/answers/mail.ts'
import { notFound } from '#shared/errors.ts'

/** One mail, with its links; in development and the demo only. */
export default defineHostRoute(
  { summary: 'Get a mail of the demo', access: 'public', answer: keptMailAnswer },
  async ({ app, authRealm, params }) => {
    const mail = await readKeptMail(requireMailbox(app.config), mailboxId(authRealm), params.id!)
    if (!mail) throw notFound()
    return { ...mail, links: linksOf(mail.text) }
  },
)
