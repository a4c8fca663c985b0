import { actOnMany } from '#server/domain/users/bulk.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { bulkResultsAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'
import { bulkSchema } from '#shared/schemas/users.ts'

/**
 * Does one action for at most 100 users, in the given order, by the rules for a single one, and reports the result of
 * each; a refusal does not stop the others. `move` takes a `department` or null, `set_role` a `role`; `send_link` mails
 * a link to set a password.
 */
export default defineTenantRoute(
  {
    summary: 'Change many people',
    access: canManageUsers,
    idempotency: 'repeatable',
    turn: 'change',
    body: bulkSchema,
    answer: bulkResultsAnswer,
  },
  async ({ app, authRealm, body, audit }) => ({ results: await actOnMany(app, authRealm, body, audit) }),
)
