import { readAccountRules } from '#server/domain/users/account-rules.ts'
import { hasMailbox } from '#server/http/mailbox.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { accountRulesAnswer } from '#shared/answers/sessions.ts'

/**
 * The rules for accounts, for people who have none yet or cannot sign in. `mailbox`: whether `/mailbox` shows the mails
 * of this host.
 */
export default defineRealmRoute(
  { summary: 'Get the rules for accounts', access: 'public', answer: accountRulesAnswer },
  async ({ app, authRealm }) => {
    const { registration, registration_domains, password_min_length } = await readAccountRules(authRealm)
    return { registration, registration_domains, password_min_length, mailbox: hasMailbox(app.config) }
  },
)
