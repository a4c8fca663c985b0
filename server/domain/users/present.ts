import { etagOf } from '#server/domain/lib/etag.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { Principal } from '#server/domain/sessions/principal.ts'
import type { Home } from '#shared/answers/users.ts'
import type { UserRow } from './users.ts'

/** A user as the API shows them. A presenter names every field, so nothing else is sent. */
export function presentUser({ id: organization }: AuthRealm, user: UserRow) {
  return {
    id: user.id,
    email: user.email,
    first_name: user.first_name,
    last_name: user.last_name,
    photo: photoPath(user),
    organization,
    department: user.department,
    employee_id: user.employee_id,
    role: user.role,
    language: user.language,
    is_active: user.is_active,
    date_joined: user.date_joined,
    last_login: user.last_login,
    etag: userEtag(user, user.department),
  }
}

/** What of a user can be changed: the same for every answer that shows the user. */
function userEtag(user: Omit<UserRow, 'department'>, department: string | null): string {
  const { email, first_name, last_name, photo, employee_id, role, language, is_active } = user
  return etagOf({ email, first_name, last_name, photo, department, employee_id, role, language, is_active })
}

/** The caller, with the operator where one has signed in as them. */
export function presentMe(authRealm: AuthRealm, user: UserRow, session: Principal['session']) {
  const must_enrol = session.enrol_from !== null && session.enrol_from <= new Date()
  return { ...presentUser(authRealm, user), support: presentSupport(session), must_enrol }
}

/** A session's operator, where it is a support session. */
function presentSupport({ support, expires_at, is_read_only }: Principal['session']) {
  return support === null ? null : { operator_email: support, expires_at, is_read_only }
}

export type DirectoryRow = Omit<UserRow, 'department'> & {
  department_id: string | null
  department_name: string | null
}

/** One user of the directory, for an Admin with the entity tag of a change. @param asAdmin as below */
export function presentColleague(person: DirectoryRow, asAdmin: boolean) {
  return {
    ...presentDirectoryUser(person, asAdmin),
    ...(asAdmin ? { etag: userEtag(person, person.department_id) } : {}),
  }
}

/** A user in the directory. @param asAdmin whether the caller is an Admin, who sees more fields */
export function presentDirectoryUser(person: DirectoryRow, asAdmin: boolean) {
  const { department_id, department_name } = person
  return {
    id: person.id,
    email: person.email,
    first_name: person.first_name,
    last_name: person.last_name,
    photo: photoPath(person),
    department: department_id && department_name ? { id: department_id, name: department_name } : null,
    role: person.role,
    ...(asAdmin ? fieldsForAdmin(person) : {}),
  }
}

function fieldsForAdmin({ employee_id, is_active, date_joined, last_login }: DirectoryRow) {
  return { employee_id, is_active, date_joined, last_login }
}

/** The path changes with the photo, so that pages load the new one. */
function photoPath({ id, photo }: Pick<UserRow, 'id' | 'photo'>): string | null {
  return photo && `/api/v1/users/${id}/photo/?v=${photo.slice(0, 8)}`
}

interface HomeRows {
  department: { id: string; name: string; people: number; colleagues: DirectoryRow[] } | null
  newest: DirectoryRow[]
  tasks: Home['tasks']
  setup: Home['setup']
}

/** @param asAdmin as for `presentDirectoryUser` */
export function presentHome({ department, newest, tasks, setup }: HomeRows, asAdmin: boolean) {
  const present = (person: DirectoryRow) => presentDirectoryUser(person, asAdmin)
  return {
    department: department && {
      id: department.id,
      name: department.name,
      people: department.people,
      colleagues: department.colleagues.map(present),
    },
    newest: newest.map(present),
    tasks,
    setup,
  }
}
