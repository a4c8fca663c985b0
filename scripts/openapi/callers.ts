import type { Access } from '#server/http/route/access.ts'
import type { Role } from '#shared/answers/users.ts'
import type { Surface } from '#shared/types/surface.ts'

/** What users with a role are called, on a surface that has the role. */
const names: Partial<Record<Surface, Partial<Record<Role, string>>>> = {
  portal: { Admin: 'Admins', Staff: 'Staff' },
  console: { Admin: 'Owners', Support: 'Support', Staff: 'Read-only' },
}

/** Who may call a route that is not public, such as `For Admins.` */
export function callersOf(access: Exclude<Access, 'public'>, surface: Surface): string {
  const roles = Object.entries(names[surface] ?? {})
  const allowed = roles.filter(([role]) => access === 'signed-in' || access({ id: '', role: role as Role }))
  if (allowed.length === roles.length) return 'For everyone who is signed in.'
  return `For ${allowed.map(([, name]) => name).join(' and ')}.`
}
