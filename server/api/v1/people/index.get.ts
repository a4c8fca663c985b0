import { findPeople, peopleQuery } from '#server/domain/support/find-people.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { foundPeopleAnswer } from '#shared/answers/support.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/**
 * Finds people in all organisations by name or address, with three characters or more: at most 50, and ten of one
 * organisation. Each search is recorded.
 */
export default definePlatformRoute(
  {
    summary: 'Find people in all organisations',
    access: canSupportTenants,
    query: peopleQuery,
    answer: foundPeopleAnswer,
  },
  async ({ app, query, audit }) => ({ results: await findPeople(app, query, audit) }),
)
