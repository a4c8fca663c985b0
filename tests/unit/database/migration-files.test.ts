import { describe, expect, it } from 'vitest'
import { parseMigration } from '#server/database/migrations/files.ts'
import { breakingChanges } from '#server/database/migrations/safety.ts'
import { describeStatement, indexNameOf, isConcurrentIndex } from '#server/database/migrations/statements.ts'

describe('a migration that breaks programs of the version before', () => {
  it.each([
    'DROP TABLE "users"',
    'ALTER TABLE "users" DROP COLUMN "name"',
    'ALTER TABLE "users" drop "name"',
    'ALTER TABLE "users" RENAME COLUMN "name" TO "full_name"',
    'ALTER TABLE "users" RENAME TO "people"',
    'ALTER TABLE "users" ALTER COLUMN "name" SET DATA TYPE varchar(10)',
    'ALTER TABLE "users" ALTER COLUMN "name" SET NOT NULL',
    'ALTER TABLE "users" ALTER COLUMN "name" DROP DEFAULT',
    'ALTER TABLE "users" ADD COLUMN "name" text NOT NULL',
    'ALTER TABLE "users" ADD COLUMN "a" text, ADD COLUMN "b" numeric(3, 1) NOT NULL',
    'ALTER TABLE "users" ADD CONSTRAINT "named" CHECK (name <> \'\')',
    'ALTER TABLE "users" ADD CONSTRAINT "of" FOREIGN KEY ("team") REFERENCES "teams"("id")',
    'CREATE UNIQUE INDEX "users_name" ON "users" USING btree ("name")',
    "ALTER TYPE \"mood\" RENAME VALUE 'a' TO 'b'",
    'TRUNCATE "users"',
    'REVOKE UPDATE ON "users" FROM CURRENT_USER',
    '-- a comment\nDROP TABLE "users"',
  ])('is found: %s', statement => {
    expect(breakingChanges([statement])).toHaveLength(1)
  })

  it.each([
    ['a new table', ['CREATE TABLE "teams" ("id" uuid NOT NULL)', 'ALTER TABLE "teams" ADD UNIQUE ("id")']],
    ['a column that may be empty', ['ALTER TABLE "users" ADD COLUMN "name" text']],
    ['a column with a default', ['ALTER TABLE "users" ADD COLUMN "name" text DEFAULT \'\' NOT NULL']],
    [
      'a generated column',
      ['ALTER TABLE "users" ADD COLUMN "n" text GENERATED ALWAYS AS (lower(name)) STORED NOT NULL'],
    ],
    [
      'a constraint of a new column',
      ['ALTER TABLE "users" ADD COLUMN "mood" text', 'ALTER TABLE "users" ADD CONSTRAINT "m" CHECK (mood in (\'a\'))'],
    ],
    [
      'a default, and then NOT NULL',
      ['ALTER TABLE "users" ALTER COLUMN "n" SET DEFAULT 1', 'ALTER TABLE "users" ALTER COLUMN "n" SET NOT NULL'],
    ],
    ['an index', ['CREATE INDEX "i" ON "users" ("name")', 'DROP INDEX "j"', 'ALTER INDEX "i" RENAME TO "k"']],
    ['a constraint less', ['ALTER TABLE "users" DROP CONSTRAINT "named"']],
    ['words in a text', ["UPDATE users SET name = 'DROP TABLE users'"]],
  ])('is not one with %s', (_, statements) => {
    expect(breakingChanges(statements)).toEqual([])
  })

  it('is refused unless its file says so, with a reason', () => {
    const change = 'ALTER TABLE "users" DROP COLUMN "name";'
    expect(() => parseMigration('tenant/0042_contract', change)).toThrow(
      'tenant/0042_contract breaks programs of the version before: DROP COLUMN "name".',
    )
    expect(
      parseMigration('tenant/0042_contract', `-- tenantry: breaks the previous version: a name was wrong\n${change}`)
        .needs,
    ).toBe('tenant/0042_contract')
    expect(
      parseMigration('tenant/0042_contract', `-- tenantry: safe since realm/0041_expand: nobody reads it\n${change}`)
        .needs,
    ).toBe('realm/0041_expand')
    for (const comment of ['breaks the previous version', 'safe since yesterday: x', 'safe', 'breaks'])
      expect(() => parseMigration('tenant/0042_contract', `-- tenantry: ${comment}\n${change}`)).toThrow(
        'is not understood',
      )
  })
})

describe('a statement of a migration', () => {
  it.each([
    ['CREATE TABLE "a" ("id" uuid)', null, []],
    ['CREATE TABLE "a" ("b" uuid REFERENCES "bs"("id"))', 'SHARE ROW EXCLUSIVE', ['bs']],
    ['CREATE INDEX "i" ON "a" USING gin (f("x", 2))', 'SHARE', ['a']],
    ['CREATE UNIQUE INDEX CONCURRENTLY "i" ON "a" ("x")', 'SHARE UPDATE EXCLUSIVE', ['a']],
    ['DROP INDEX CONCURRENTLY "i"', 'SHARE UPDATE EXCLUSIVE', ['i']],
    ['DROP INDEX "i"', 'ACCESS EXCLUSIVE', ['i']],
    ['ALTER TABLE "a" ADD COLUMN "x" text', 'ACCESS EXCLUSIVE', ['a']],
    ['ALTER TABLE "a" ADD CONSTRAINT "c" FOREIGN KEY ("b") REFERENCES "bs"("id")', 'SHARE ROW EXCLUSIVE', ['a', 'bs']],
    ['ALTER TABLE "a" VALIDATE CONSTRAINT "c"', 'SHARE UPDATE EXCLUSIVE', ['a']],
    ['ALTER TABLE "a" VALIDATE CONSTRAINT "c", ADD COLUMN "x" text', 'ACCESS EXCLUSIVE', ['a']],
    ['ALTER INDEX "i" ALTER COLUMN 1 SET STATISTICS 0', 'SHARE UPDATE EXCLUSIVE', ['i']],
    ['UPDATE "a" SET x = 1', 'ROW EXCLUSIVE', ['a']],
    ['INSERT INTO "a" DEFAULT VALUES', 'ROW EXCLUSIVE', ['a']],
    ['CLUSTER "a"', 'ACCESS EXCLUSIVE', []],
    ['something quite new', 'ACCESS EXCLUSIVE', []],
  ])('%s: locks', (statement, lock, relations) => {
    expect(describeStatement(statement)).toMatchObject({ lock, relations })
  })

  it('of an index that is made concurrently is alone in its file', () => {
    const index = 'CREATE INDEX CONCURRENTLY "i" ON "users" ("x");'
    expect(isConcurrentIndex(`-- why\n${index}`)).toBe(true)
    expect(indexNameOf(index)).toBe('i')
    expect(indexNameOf('drop index concurrently if exists I')).toBe('i')
    expect(parseMigration('tenant/0042_index', `${index}\n--> statement-breakpoint\n${index}`).statements).toHaveLength(
      2,
    )
    expect(() =>
      parseMigration(
        'tenant/0042_index',
        `${index}\n--> statement-breakpoint\nALTER TABLE "users" ADD COLUMN "x" text`,
      ),
    ).toThrow('use two files')
  })
})
