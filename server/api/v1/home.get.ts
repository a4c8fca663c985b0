import { readNewest, readOwnDepartment, readTasks } from '#server/domain/users/home.ts'
import { presentHome } from '#server/domain/users/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { homeAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** The start page: the user's department, new colleagues and open tasks, in four queries at most. */
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
