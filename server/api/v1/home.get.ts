import { canManageUsers } from '../../../shared/permissions.ts'
import { readNewest, readOwnDepartment, readTasks } from '../../domain/home.ts'
import { presentHome } from '../../http/present.ts'
import { defineTenantRoute } from '../../http/route.ts'

/** The start page: one's department, who is new, and what needs one, in four queries at most. */
export default defineTenantRoute({ access: 'signed-in' }, async ({ authRealm: { realm }, principal: { user } }) => {
  const [department, newest, tasks] = await Promise.all([readOwnDepartment(realm, user), readNewest(realm, user), readTasks(realm, user)])
  return presentHome({ department, newest, tasks }, canManageUsers(user))
})
