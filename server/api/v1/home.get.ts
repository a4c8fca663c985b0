import { readNewest, readOwnDepartment, readTasks } from '#server/domain/users/home.ts'
import { presentHome } from '#server/domain/users/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { homeAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'

/**
 * The start page: the user's department with up to 8 colleagues, up to 5 people who joined within 90 days, and open
 * tasks. `setup` are the steps of setting an organisation up, for an Admin until all are done.
 */
export default defineTenantRoute(
  { summary: 'Get the start page', access: 'signed-in', answer: homeAnswer },
  async ({ authRealm: { realm }, principal: { user } }) => {
    const [department, newest, open] = await Promise.all([
      readOwnDepartment(realm, user),
      readNewest(realm, user),
      readTasks(realm, user),
    ])
    return presentHome({ department, newest, ...open }, canManageUsers(user))
  },
)
