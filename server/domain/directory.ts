import type { TenantRealm } from '../database/realms.ts'
import { userColumns } from './users.ts'

/** A person's columns in the directory, with her department's name. */
export function personColumns(users: TenantRealm['tables']['users'], departments: TenantRealm['tables']['departments']) {
  const { department, ...columns } = userColumns(users)
  return { ...columns, department_id: department, department_name: departments.name }
}
