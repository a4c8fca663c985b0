import { describe, expect, test } from 'vitest'
import { brokenRules, requireAllowed } from '#server/database/slots/statement-rules.ts'

const own = 'a statement names one schema'
const single = 'one statement a call'
const select = 'no INSERT … SELECT, and no subquery in an INSERT'
const conflict = 'only immutable functions in DO UPDATE'
const returning = 'only immutable functions and no subquery in RETURNING'
const column = 'no stable function of a column in UPDATE and DELETE'
const choice = 'only immutable functions beside CASE and COALESCE in UPDATE and DELETE'

describe('a statement that Citus would refuse is found', () => {
  test.each([
    ['select u.id, (select t.status from platform.tenants t where t.id = $1) from "t_a_x"."users" u', own],
    ['select id from "t_a_x"."users" union all select id from t_b_y.users', own],
    ['update t_a_x.users set role = $1 where exists (select from "platform"."users")', own],
    ['select name from pgboss.queue, platform.operations', own],
    ['drop schema "t_a_x" cascade; alter schema "t_b_y" rename to "t_a_x"', single],
    ['set local search_path to "t_a_x";\ncreate table a (b int)', single],
    ['create trigger no before update on audit_events execute function f()', 'no trigger'],
    ['create or replace constraint trigger no after update on audit_events execute function f()', 'no trigger'],
    ['insert into "t_a_x"."one_time_tokens" (id) select id from "t_a_x"."users"', select],
    ['insert into t_a_x.users (id, n) values ($1, (select count(*) from t_a_x.users))', select],
    ['with one as (select 1) insert into settings select true', select],
    ['insert into t_a_x.a (id) values (1) on conflict (id) do update set at = now()', conflict],
    ['insert into t_a_x.a (id) values (1) on conflict (id) do update set at = current_timestamp', conflict],
    ['update t_a_x.a set b = 1 returning case when at < now() then 1 end', returning],
    ['delete from t_a_x.a returning (select count(*) from t_a_x.a)', returning],
    ['update t_a_x.a set b = gen_random_uuid()', 'no volatile function in UPDATE and DELETE'],
    ['update t_a_x.a set b = coalesce(b, now())', choice],
    ["update t_a_x.a set b = b - interval '1 day'", column],
    ['delete from t_a_x.a where "t_a_x"."a"."b" + make_interval(days => 1) < now()', column],
    ["update t_a_x.a set b = to_char(c, 'YYYY')", column],
    ['delete from t_a_x.a where case when b then at < current_timestamp end', choice],
  ])('%s', (text, rule) => {
    expect(brokenRules(text)).toEqual([rule])
    expect(() => requireAllowed(text)).toThrow(rule)
  })
})

describe('a statement within the rules is let through', () => {
  test.each([
    'select u.id, s.id from "t_a_x"."users" u left join "t_a_x"."sessions" s on s.user_id = u.id;',
    'update platform.tenants set status = $1 where id = $2 returning (select host from platform.domains)',
    'insert into platform.tombstones (at) select now() on conflict (id) do update set at = now()',
    'insert into "t_a_x"."a" (id, at) values ($1, now()) on conflict (id) do update set at = excluded.at returning id',
    "delete from t_a_x.a where at < now() - interval '1 day' and b < $1::timestamptz - interval '1 day'",
    "select to_regclass('t_a_x.users'), to_regclass('platform.tenants')",
    "select ';' as a, $$insert into b select 1; c$$ -- platform.tenants; t_a_x.users",
    'update t_a_x.users set last_login = now() where id = $1',
    'update t_a_x.users set activated_at = coalesce(activated_at, $1::timestamptz) where id = $2',
    'create function f() returns void language sql as $$ select 1; select 2 $$',
    'select t.status, t_1.id from platform.tenants t, platform.domains t_1',
    'alter schema "t_pool_x" rename to "t_a_x"',
  ])('%s', text => {
    expect(brokenRules(text)).toEqual([])
    expect(() => requireAllowed(text)).not.toThrow()
  })
})
