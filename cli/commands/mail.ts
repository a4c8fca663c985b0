import { defineCommand } from 'citty'
import { desc } from 'drizzle-orm'
import { fromSystem } from '#server/domain/context.ts'
import { inMailState, mailState, mailStates, retryOutbox } from '#server/domain/mail/outbox-admin.ts'
import type { MailState } from '#shared/answers/mail.ts'
import { linesOf } from '../table.ts'
import { defineTask, wholeNumber } from '../task.ts'

const list = defineTask({
  name: 'list',
  description: 'List emails, newest first, without their contents',
  args: {
    state: { type: 'enum', options: [...mailStates], description: 'Only emails in this state' },
    limit: { type: 'string', description: 'Maximum number of emails', default: '50' },
  },
  onlyLooks: true,
  async run({ app, args }) {
    const { outbox } = app.database.platform.tables
    const { id, kind, recipient, attempts, last_error, created, due_at, sent_at } = outbox
    const rows = await app.database.platform.db
      .select({ id, kind, recipient, state: mailState(outbox), attempts, last_error, created, due_at, sent_at })
      .from(outbox)
      .where(args.state && inMailState(outbox, args.state as MailState))
      .orderBy(desc(created), id)
      .limit(wholeNumber('limit', args.limit, 1, 10_000))
    const cellsOf = (row: (typeof rows)[number]) => [
      row.id,
      row.state.padEnd(7),
      row.kind.padEnd(18),
      row.recipient,
      row.last_error ?? '',
    ]
    return { json: rows, text: linesOf(rows, cellsOf, 'No emails.') }
  },
})

const retry = defineTask({
  name: 'retry',
  description: 'Retry failed and delayed emails now',
  args: { id: { type: 'positional', description: 'ID of one email (default: all)', required: false } },
  async run({ app, args }) {
    const retried = await retryOutbox(app, fromSystem, args.id)
    return { json: { retried }, text: `Queued ${retried} ${retried === 1 ? 'email' : 'emails'} for retry.` }
  },
})

export default defineCommand({
  meta: { name: 'mail', description: 'Manage the email queue' },
  subCommands: { list, retry },
})
