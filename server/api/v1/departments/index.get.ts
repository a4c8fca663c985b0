import { presentDepartment } from '#server/domain/departments/departments.ts'
import { departmentsQuery, listDepartments } from '#server/domain/departments/list.ts'
import { readPage } from '#server/http/list.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { departmentAnswer } from '#shared/answers/departments.ts'
import { page } from '#shared/answers/fields.ts'

/** Departments, each with its number of active users. */
export default defineTenantRoute(
  { summary: 'List departments', access: 'signed-in', query: departmentsQuery, answer: page(departmentAnswer) },
  ({ authRealm, query, event }) =>
    readPage(event, query, async window => {
      const { count, rows } = await listDepartments(authRealm.realm, query, window)
      return { count, rows: rows.map(presentDepartment) }
    }),
)
