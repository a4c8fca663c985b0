import { describe, expect, test } from 'vitest'
import { markStatement, newMark } from '#server/database/slots/proof.ts'

describe('a statement', () => {
  test.each([
    ['select a from t where b = $1', 'select $2::text as mark, a from t where b = $1'],
    [
      '\n  SELECT a from t where b in (select c from u) for update',
      '\n  SELECT $2::text as mark, a from t where b in (select c from u) for update',
    ],
    ['insert into t (a) values ($1) returning "id"', 'insert into t (a) values ($1) returning $2::text as mark, "id"'],
    [
      'insert into t (a) values ($1) on conflict (a) do update set b = 1',
      'insert into t (a) values ($1) on conflict (a) do update set b = 1 returning $2::text as mark',
    ],
    [
      "update t set a = (select 'returning' from u) where b = $1",
      "update t set a = (select 'returning' from u) where b = $1 returning $2::text as mark",
    ],
    ['delete from "returning" where a = $1;', 'delete from "returning" where a = $1 returning $2::text as mark'],
    [
      'select distinct a from t where b = $1',
      'select $2::text as mark, q.* from (select distinct a from t where b = $1) q',
    ],
    [
      'select a, count(*) from t where b = $1 group by 1',
      'select $2::text as mark, q.* from (select a, count(*) from t where b = $1 group by 1) q',
    ],
    [
      'select a, b from t order by b desc, 1',
      'select $2::text as mark, q.* from (select a, b from t order by b desc, 1) q',
    ],
    ['select a from t order by b limit $1', 'select $2::text as mark, a from t order by b limit $1'],
    [
      'select a from t union all select $1',
      'select $2::text as mark, q.* from (select a from t union all select $1) q',
    ],
    [
      'with u as (select $1::int as a) select a from u',
      'select $2::text as mark, q.* from (with u as (select $1::int as a) select a from u) q',
    ],
    [
      'with u as (delete from t returning a) insert into v select a, $1 from u',
      'with u as (delete from t returning a) insert into v select a, $1 from u returning $2::text as mark',
    ],
  ])('carries its mark: %s', (text, marked) => {
    expect(markStatement(text, 1).text).toBe(marked)
  })

  test.each([
    'set local search_path to x',
    'create table t (a int)',
    'lock table t',
    'select 1; select 2',
    'do $$ begin delete from t; end $$',
    'copy t to stdout',
  ])('of a kind that answers no rows is left as it is: %s', text => {
    expect(markStatement(text, 0)).toEqual({ text, answers: 'none' })
  })

  test('that reads can be asked whether it answers nothing; one that writes cannot', () => {
    expect(markStatement('select a from t', 0).emptiness).toBe(
      'select $1::text as mark where not exists (select a from t)',
    )
    expect(markStatement('delete from t returning a', 0).emptiness).toBeUndefined()
  })

  test('that answers no rows of its own is known by it', () => {
    expect(markStatement('delete from t', 0).answers).toBe('marks')
    expect(markStatement('delete from t returning a', 0).answers).toBe('rows')
  })
})

test('no two marks are the same', () => {
  expect(new Set(Array.from({ length: 1_000 }, newMark)).size).toBe(1_000)
})
