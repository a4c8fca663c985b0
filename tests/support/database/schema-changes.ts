import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'

/** Changes of a tenant's tables that cancel each other: every kind of change that a migration may make. */
const tenantChanges = [
  'alter table users alter column employee_id type varchar(100)',
  'alter table users alter column employee_id type varchar(64)',
  "alter table users add column extra text default 'new'",
  'alter table users rename column extra to additional',
  'alter table users alter column additional type varchar(10)',
  'alter table users drop column additional',
  'create index users_extra on users (date_joined)',
  'drop index users_extra',
  'alter table sessions add constraint sessions_extra check (counter >= 0)',
  'alter table sessions drop constraint sessions_extra',
  'alter table sessions alter column ip type text',
  'alter table sessions alter column ip type varchar(45)',
  "alter table departments alter column name set default ''; alter table departments alter column name drop default",
  'create table copied (like audit_events including all); insert into copied select * from audit_events; drop table audit_events; alter table copied rename to audit_events',
]

/** The same for the platform's tables, which every tenant's statements read. */
const platformChanges = [
  'alter table tenants add column extra text',
  'alter table tenants drop column extra',
  'alter table tenants alter column business_email type varchar(300)',
  'alter table tenants alter column business_email type varchar(254)',
  'alter table support_accesses alter column operator_email type varchar(300)',
  'alter table support_accesses alter column operator_email type varchar(254)',
  'create table copied (like rate_limits including all); drop table rate_limits; alter table copied rename to rate_limits',
]

/**
 * Makes every change to every schema, one after another, as migrations would.
 * @param pause called after each kind of change
 * @param rest called after each change of a tenant's schema
 */
export async function changeEverything(
  sql: postgres.Sql,
  schemas: string[],
  pause: () => Promise<unknown>,
  rest: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  for (const change of tenantChanges) {
    for (const schema of schemas) {
      await changeSchema(sql, schema, change)
      await rest()
    }
    await pause()
  }
  for (const change of platformChanges) {
    await changeSchema(sql, 'platform', change)
    await pause()
  }
}

const lostCodes = [
  '57P01',
  '57P03',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'ECONNREFUSED',
  'ECONNRESET',
  'CONNECT_TIMEOUT',
]

// Waits for a lock only a moment, because later statements queue behind it; then tries again.
async function changeSchema(sql: postgres.Sql, schema: string, change: string): Promise<void> {
  let isUncertain = false
  for (;;) {
    try {
      await sql.begin(async tx => {
        const settings = [`set local lock_timeout = '200ms'`, `set local search_path to ${schema}`]
        // One by one, as Citus needs them.
        for (const statement of [...settings, ...change.split('; ')]) await tx.unsafe(statement)
      })
      return
    } catch (error) {
      const { code } = error as { code: string }
      // The connection was lost after the commit: the change is done.
      if (isUncertain && code.startsWith('42')) return
      isUncertain ||= lostCodes.includes(code)
      if (!isUncertain && !['55P03', '40P01'].includes(code)) throw error
      await sleep(20)
    }
  }
}
