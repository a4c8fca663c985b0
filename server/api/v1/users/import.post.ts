import { z } from 'zod'
import { importUsers } from '#server/domain/users/import/import.ts'
import { readBytes } from '#server/http/body/body.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { importReportAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'
import { choice, flag } from '#shared/schemas/fields.ts'
import { textEncodings } from '#shared/table/encoding.ts'

const importQuery = z.object({
  dry_run: flag(),
  create_departments: flag(),
  encoding: choice(textEncodings).optional(),
})

/**
 * Imports users from a file such as `users/export.csv`, and reports each row that could not be imported. With `dry_run`
 * nothing is changed.
 */
export default defineTenantRoute(
  {
    summary: 'Import people',
    access: canManageUsers,
    idempotency: 'repeatable',
    turn: 'change',
    query: importQuery,
    accepts: 'text/csv',
    answer: importReportAnswer,
  },
  async ({ app, authRealm, query, audit, event }) =>
    importUsers(
      app,
      authRealm,
      readBytes(event),
      { dryRun: query.dry_run, createDepartments: query.create_departments, encoding: query.encoding },
      audit,
    ),
)
