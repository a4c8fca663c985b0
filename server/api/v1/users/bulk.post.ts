import { actOnMany } from '#server/domain/users/bulk.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { bulkResultsAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'
import { bulkSchema } from '#shared/schemas/users.ts'

/** Moves, promotes, deactivates, reactivates or mails many users, and reports the result of each. */
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
