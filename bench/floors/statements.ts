/** The table of the floors' refresh tokens. */
export const tokensTable =
  'create schema floor; create table floor.tokens (jti text primary key, user_id uuid not null, expires_at timestamptz not null)'

export const rememberStatement = `insert into floor.tokens values ($1, $2, now() + interval '7 days')`

export const rotateStatement = `update floor.tokens set jti = $2, expires_at = now() + interval '7 days'
where jti = $1 and expires_at > now() returning user_id`

export function personStatement(schema: string): string {
  return `select id, email, first_name, last_name, photo, department, employee_id, role, language, is_active, date_joined,
last_login from ${schema}.users where id = $1`
}

export function pageStatement(schema: string): string {
  return `select u.id, u.email, u.first_name, u.last_name, u.photo, u.role, d.name as department,
(count(*) over ())::int as count from ${schema}.users u left join ${schema}.departments d on d.id = u.department
where u.is_active and u.search ilike $1 order by u.last_name, u.first_name, u.id limit $2 offset $3`
}

export function rowsStatement(schema: string): string {
  return `select u.id, u.email, u.first_name, u.last_name, u.role, d.name as department
from ${schema}.users u left join ${schema}.departments d on d.id = u.department
where u.is_active order by u.last_name, u.first_name, u.id limit $1`
}
