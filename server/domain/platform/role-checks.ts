import { sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import type { Check } from './check.ts'

/** Whether our database role may change audit logs. A superuser may, whatever was revoked. */
export async function checkPrivileges({ database: { platform } }: App): Promise<Check> {
  const rows = await platform.db.execute<{ name: string; is_superuser: boolean }>(
    sql`select rolname::text as name, rolsuper as is_superuser from pg_roles where rolname = current_user`,
  )
  const { name, is_superuser } = rows[0]!
  const problems = is_superuser
    ? [`${name} is a superuser, who can change audit logs. Use a role as docs/operations.md creates it.`]
    : (await findChangeable(platform.db)).map(
        schema =>
          `${name} can change the audit log of ${schema}. Run: revoke update, delete, truncate on ${schema}.audit_events from ${name}`,
      )
  return { name: 'database role', found: name, problems }
}

/** @returns the schemas whose audit log we may change; not those of before, in which a trigger forbids it */
async function findChangeable(db: Db): Promise<string[]> {
  const rows = await db.execute<{ schema: string }>(sql`
    select n.nspname::text as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname = 'audit_events' and c.relkind = 'r' and (n.nspname = 'platform' or n.nspname ~ '^t_')
      and has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
      and not exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)
    order by 1`)
  return rows.map(({ schema }) => schema)
}

/**
 * Prepared transactions that nobody has ended. With Citus, a change on several machines is one for a moment; Citus ends
 * those that it finds, within a minute.
 */
export async function checkTransactions({ database: { platform } }: App): Promise<Check> {
  const rows = await platform.db.execute<{ gid: string; since: string }>(sql`
    select gid, to_json(prepared) #>> '{}' as since from pg_prepared_xacts
    where database = current_database() and prepared < now() - interval '10 minutes' order by prepared`)
  return {
    name: 'prepared transactions',
    found: `${rows.length} left behind`,
    problems: rows.map(
      ({ gid, since }) =>
        `The transaction '${gid}' is prepared since ${since}, and holds its locks. Run: commit prepared '${gid}', or rollback prepared '${gid}'`,
    ),
  }
}
