import { describe, expect, it } from 'vitest'
import { loadMigrations, targetVersion } from '#server/database/migrations/files.ts'
import { pendingMigrations } from '#server/database/migrations/records.ts'
import { brokenRules } from '#server/database/slots/statement-rules.ts'
import { newSchemaName, requireSchemaName } from '#server/database/schema-names.ts'

const first = { name: 'realm/0000_first', statements: ['select 1'], checksum: 'aaaa' }
const second = { name: 'tenant/0001_second', statements: ['select 2'], checksum: 'bbbb' }
const third = { name: 'realm/0002_third', statements: ['select 3'], checksum: 'cccc' }
const all = [first, second, third]

describe('the migrations that a schema lacks', () => {
  it.each<[string, string[], object[]]>([
    ['all of them, for a new one', [], all],
    [
      'none, for one that is up to date',
      ['realm/0000_first aaaa', 'tenant/0001_second bbbb', 'realm/0002_third cccc'],
      [],
    ],
    ['the newer ones', ['realm/0000_first aaaa'], [second, third]],
    ['the one that came in late from another branch', ['realm/0000_first aaaa', 'realm/0002_third cccc'], [second]],
    [
      'none, in whatever order they were applied',
      ['realm/0002_third cccc', 'tenant/0001_second bbbb', 'realm/0000_first aaaa'],
      [],
    ],
  ])('are %s', (_which, applied, pending) => {
    expect(pendingMigrations('t_acme_abc123', { applied }, all)).toEqual(pending)
  })

  it('cannot be told when one was edited after it had been applied', () => {
    expect(() =>
      pendingMigrations('t_acme_abc123', { applied: ['realm/0000_first aaaa', 'tenant/0001_second xxxx'] }, all),
    ).toThrow('tenant/0001_second was edited after it had been applied to t_acme_abc123.')
    expect(() => pendingMigrations('t_acme_abc123', { applied: ['realm/0000_first'] }, all)).toThrow('was edited')
    expect(() => pendingMigrations('t_acme_abc123', { applied: ['realm/0000_first '] }, all)).toThrow('was edited')
  })

  it('are told by an older program too, unless what the schema has had breaks it', () => {
    const applied = ['realm/0000_first aaaa', 'tenant/0009_newer dddd']
    const pending = (needed: string[]) => pendingMigrations('t_acme_abc123', { applied, needed }, all)
    expect(pending([])).toEqual([second, third])
    expect(pending(['realm/0002_third'])).toEqual([second, third])
    expect(() => pending(['tenant/0009_newer'])).toThrow(
      't_acme_abc123 has had a migration that needs tenant/0009_newer, which this program does not know',
    )
  })
})

describe.each(['tenant', 'platform'] as const)('the migrations of a %s', kind => {
  const migrations = loadMigrations('.', kind)

  it('begin with the realm, are each there once, and have a version', () => {
    expect(migrations[0]!.name).toBe('realm/0000_initial')
    expect(new Set(migrations.map(({ name }) => name)).size).toBe(migrations.length)
    expect(migrations.map(({ name }) => name)).toContain(targetVersion(migrations))
    for (const { checksum } of migrations) expect(checksum).toMatch(/^[0-9a-f]{64}$/)
  })

  it('name no schema: they run where they are told to', () => {
    for (const statement of migrations.flatMap(({ statements }) => statements))
      expect(statement).not.toMatch(/"public"\.|\bpublic\.|search_path|"platform"\.|--> statement-breakpoint/)
  })

  it('are sent one statement at a time, and keep the rules of statements', () => {
    const statements = migrations.flatMap(({ statements }) => statements)
    expect(statements.length).toBeGreaterThan(60)
    expect(statements.filter(statement => brokenRules(statement).length > 0)).toEqual([])
  })

  it('create no trigger, also on a new schema', () => {
    const withdrawn = migrations.find(({ name }) => name === 'realm/0003_audit_append_only')!
    expect(withdrawn.statements).toEqual([])
    expect(withdrawn.checksum).toBe('4447011abd130f56c1e99e3ade00224d6720bf9985b2002083b72372fb2945f8')
  })
})

describe('the name of a schema', () => {
  it('is made of the subdomain and six characters, and is never the same', () => {
    expect(newSchemaName('acme')).toMatch(/^t_acme_[a-z0-9]{6}$/)
    expect(newSchemaName('a-b-c')).toMatch(/^t_a_b_c_[a-z0-9]{6}$/)
    expect(newSchemaName('x'.repeat(40)).length).toBeLessThanOrEqual(63)
    expect(new Set(Array.from({ length: 1_000 }, () => newSchemaName('acme'))).size).toBe(1_000)
  })

  // NAME-02
  it.each([
    '',
    't_',
    't_a',
    'public',
    'platform',
    'pg_catalog',
    'information_schema',
    'drizzle',
    'T_ACME_ABC123',
    't_acme"; drop',
    't_acme abc',
    't_acme-abc',
    't_acmé_abc',
    't_acme\0abc',
    't_acme_abc123\n',
    `t_${'a'.repeat(62)}`,
    'x_acme_abc123',
  ])('is no other: %j', name => {
    expect(() => requireSchemaName(name)).toThrow("Not the name of a tenant's schema.")
  })
})
