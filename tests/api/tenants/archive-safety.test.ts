import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type postgres from 'postgres'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { scrubbing } from '#server/domain/archives/anonymize.ts'
import { createSchemaAt } from '#server/domain/archives/load.ts'
import { requireArchive } from '#server/domain/archives/store.ts'
import { requestExport, requestNewFromArchive, requestRestoration } from '#server/domain/archives/requests.ts'
import { tenantAuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { checkStandings } from '#server/domain/platform/standing-checks.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { insertTenant } from '#server/domain/tenants/insert.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { createUser } from '#server/domain/users/create.ts'
import { replacePhoto } from '#server/domain/users/photos.ts'
import { forgeArchive, rowsOf } from '../../support/data/archives.ts'
import { hold } from '../../support/database/hold.ts'
import { countWaiting } from '../../support/database/waiting.ts'
import { runCli, startCli } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'

const migrations = { platform: loadMigrations('.', 'platform'), tenant: loadMigrations('.', 'tenant') }
/** The table of a forged archive: an organisation has one row of it. */
const settings = { name: 'settings', columns: ['id'], lines: 't\n' }

let folder: string
let env: Record<string, string>
let workbench: Workbench
let app: RunningApp
let sql: postgres.Sql
let acme: TenantRow
let globex: TenantRow
/** An archive of Acme, with a photo and some people. */
let archive: string
let counter = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-archives-'))
  workbench = await createWorkbench({ ARCHIVE_DIR: join(folder, 'archives'), UPLOAD_DIR: join(folder, 'uploads') })
  env = workbench.env
  app = workbench.app
  sql = workbench.sql
  acme = await furnish('acme')
  globex = await furnish('globex')
  archive = (await done(requestExport(app, acme.id, fromSystem, true))).archive as string
})
afterAll(async () => {
  expect((await checkStandings(app)).problems).toEqual([])
  await workbench.close()
  await rm(folder, { recursive: true })
})

describe('an archive that was altered', () => {
  test('is refused for a change of any byte, and nothing changes', async () => {
    const original = await readFile(pathOf(archive))
    const before = await everything()
    const places = entriesOf(original).flatMap(
      ({ name, header, content, size }) =>
        [
          [`the header of ${name}`, header + 5],
          [`${name}, its first byte`, content],
          [`${name}, its middle`, content + Math.floor(size / 2)],
          [`${name}, its last byte`, content + size - 1],
          ...(size % 512 === 0 ? [] : [[`the padding of ${name}`, content + size]]),
        ] as [string, number][],
    )
    expect(places.length).toBeGreaterThan(30)
    for (const [place, at] of [...places, ['the end', original.length - 1] as const]) {
      const bytes = Buffer.from(original)
      bytes[at]! ^= 1
      expect([place, await refusal(bytes)]).toEqual([place, expect.stringMatching(/damaged or has been altered/)])
    }
    expect(await everything()).toEqual(before)
  })

  test('is refused when it is truncated, extended or empty', async () => {
    const original = await readFile(pathOf(archive))
    for (const bytes of [
      original.subarray(0, -1),
      original.subarray(0, -1024),
      original.subarray(0, original.length / 2),
      original.subarray(0, 600),
      Buffer.alloc(0),
      Buffer.concat([original, Buffer.from('x')]),
      Buffer.concat([original, original]),
    ]) {
      expect(await refusal(bytes)).toMatch(/damaged or has been altered/)
    }
  })

  test('is found by a check of all archives', async () => {
    expect((await runCli(['tenant', 'archives', 'acme', '--verify', '--json'], env)).code).toBe(0)
    const original = await readFile(pathOf(archive))
    const broken = pathOf('acme-20260101T000000Z-00000001.tar')
    original[original.length - 2000]! ^= 1
    await writeFile(broken, original)
    const { code, json } = await runCli(['tenant', 'archives', '--verify', '--json'], env)
    expect([code, json.filter(({ problem }: { problem: string | null }) => problem).length]).toEqual([1, 1])
    await rm(broken)
  })
})

describe('a forged archive with correct checksums', () => {
  const id = '01a20fb5-6fee-703c-b4da-00080691d29b'

  test.each([
    '../../../etc/passwd',
    '/etc/passwd',
    'logo/../../x',
    `${id}/../${id}-64.webp`,
    `${id}\\..\\${id}-64.webp`,
    `logo/${id}-64.webp/x`,
    `logo/${id}-64.svg`,
    '',
    '.',
  ])('and names a file %j is refused', async path => {
    expect(
      await refusal(
        forgeArchive(manifest(), [settings], [{ path: path || 'x', bytes: Buffer.from('x') }], env.SECRET!),
      ),
    ).toMatch(/damaged or has been altered/)
    expect(existsSync(join(folder, 'x'))).toBe(false)
  })

  test('with a duplicate file is refused', async () => {
    const file = { path: `logo/${id}-64.webp`, bytes: Buffer.from('x') }
    expect(await refusal(forgeArchive(manifest(), [settings], [file, file], env.SECRET!))).toMatch(
      /damaged or has been altered/,
    )
  })

  test.each([
    ['a table of another schema', { name: 'platform', columns: ['id'], lines: '' }],
    ['a column that there is not', { name: 'settings', columns: ['id', 'owned'], lines: 't\tx\n' }],
    ['a column that is computed', { name: 'users', columns: ['id', 'search'], lines: '' }],
    ['sessions', { name: 'sessions', columns: ['id'], lines: '' }],
    ['keys', { name: 'signing_keys', columns: ['kid'], lines: '' }],
    ['SQL for a name', { name: 'settings";drop/**/schema/**/platform;--', columns: ['id'], lines: '' }],
    [
      'SQL for a column',
      { name: 'settings', columns: ['id) from stdin; drop schema platform cascade; --'], lines: '' },
    ],
  ])('and holds %s is refused', async (_, table) => {
    const before = await everything()
    expect(await refusal(forgeArchive(manifest(), [table], [], env.SECRET!))).toMatch(/damaged or has been altered/)
    expect(await everything()).toEqual(before)
  })

  test.each([
    ['in the middle', 't\n'.repeat(3)],
    ['in its last row', `t\tnowhere\n`],
    ['of another shape', 'no boolean\n'],
  ])('and holds rows that the database refuses %s fails, and leaves nothing', async (_, lines) => {
    const before = await everything()
    expect(
      await refusal(
        forgeArchive(
          manifest(),
          [{ name: 'settings', columns: lines.includes('\t') ? ['id', 'registration'] : ['id'], lines }],
          [],
          env.SECRET!,
        ),
      ),
    ).not.toBe('done')
    expect(await everything()).toEqual(before)
  })

  test('with a reference to a missing row fails, and leaves nothing', async () => {
    const before = await everything()
    const users = {
      name: 'users',
      columns: ['id', 'email', 'date_joined', 'department'],
      lines: `${id}\tx@example.com\t2026-01-01 00:00:00+00\t${id}\n`,
    }
    expect(await refusal(forgeArchive(manifest(), [users], [], env.SECRET!))).toMatch(/refuses the rows of users/)
    expect(await everything()).toEqual(before)
  })

  test('with invitation links of another installation restores no valid link', async () => {
    const name = 'acme-20260101T000000Z-00000002.tar'
    const planted = {
      name: 'invitations',
      columns: ['id', 'email', 'role', 'token_hash', 'created', 'expires_at'],
      lines: `${id}\tplanted@example.com\tAdmin\tknown\t2026-01-01 00:00:00+00\t2036-01-01 00:00:00+00\n`,
    }
    await writeFile(
      pathOf(name),
      forgeArchive(manifest(), [settings, planted], [], randomBytes(32).toString('base64url')),
    )
    const place = await furnish('planted')
    await done(requestRestoration(app, place.id, { archive: name, foreign: true, keep: false }, fromSystem, true))
    const [row] = await sql`select email, token_hash from ${sql(place.schema)}.invitations`
    expect(row!.email).toBe('planted@example.com')
    expect(row!.token_hash).not.toBe('known')
    await rm(pathOf(name))
    await removeTenant('planted')
  })

  test('of an unknown version is refused with a clear message', async () => {
    expect(
      await refusal(
        forgeArchive(
          { ...manifest(), migrations: [...manifest().migrations, `tenant/9999_tomorrow ${'0'.repeat(64)}`] },
          [settings],
          [],
          env.SECRET!,
        ),
      ),
    ).toMatch(/tenant\/9999_tomorrow/)
    expect(
      await refusal(
        forgeArchive(
          { ...manifest(), migrations: [`realm/0000_initial ${'0'.repeat(64)}`] },
          [settings],
          [],
          env.SECRET!,
        ),
      ),
    ).toMatch(/realm\/0000_initial/)
    expect(await refusal(forgeArchive({ ...manifest(), format: 2 as 1 }, [settings], [], env.SECRET!))).toMatch(
      /newer version/,
    )
  })
})

describe('an archive of another installation', () => {
  test('is accepted only with `foreign`', async () => {
    const other = { ...env, SECRET: randomBytes(32).toString('base64url') }
    const file = pathOf(archive)
    const refused = await runCli(
      ['tenant', 'restore-archive', file, '--as', 'stranger', '--name', 'Stranger', '--json'],
      { ...other, ARCHIVE_DIR: join(folder, 'elsewhere') },
    )
    expect([refused.code, refused.errors]).toEqual([1, expect.stringMatching(/another SECRET/)])
    expect(await sql`select 1 from platform.tenants where subdomain = 'stranger'`).toHaveLength(0)
    const accepted = await runCli(
      ['tenant', 'restore-archive', file, '--as', 'stranger', '--name', 'Stranger', '--foreign', '--json'],
      { ...other, ARCHIVE_DIR: join(folder, 'elsewhere') },
    )
    expect([accepted.code, accepted.errors]).toEqual([0, expect.any(String)])
    const [row] = await sql`select schema from platform.tenants where subdomain = 'stranger'`
    expect(await rowsOf(sql, row!.schema as string)).toEqual(await rowsOf(sql, acme.schema))
    await removeTenant('stranger')
  })

  test('that would unpack to far more than its size is refused as soon as that is detected, and leaves nothing', async () => {
    const before = await everything()
    const text = 'x'.repeat(1_000_000)
    const events = Array.from(
      { length: 60 },
      () => `${crypto.randomUUID()}\t2026-01-01 00:00:00+00\tsession.opened\t{"text": "${text}"}\n`,
    )
    const bomb = { name: 'audit_events', columns: ['id', 'created', 'action', 'details'], lines: events.join('') }
    const secret = randomBytes(32).toString('base64url')
    expect(await refusal(forgeArchive(manifest(), [settings, bomb], [], secret), { foreign: true })).toMatch(
      /would unpack to far more than its size, at audit_events/,
    )
    expect(await everything()).toEqual(before)
    // A few megabytes are allowed for any compressed size, and more if the archive is known to be ours.
    const place = (bytes: Buffer) => refusal(bytes, { foreign: true, subdomain: 'roomy' })
    expect(
      await place(forgeArchive(manifest(), [settings, { ...bomb, lines: events.slice(0, 10).join('') }], [], secret)),
    ).toBe('done')
    await removeTenant('roomy')
    expect(await place(forgeArchive(manifest(), [settings, bomb], [], env.SECRET!))).toBe('done')
    await removeTenant('roomy')
  })
})

describe('an archive of many rows', () => {
  test('contains all of them, and so does its restore', async () => {
    const large = await furnish('large')
    await sql`insert into ${sql(large.schema)}.audit_events (id, created, action, details) select gen_random_uuid(), now(), 'session.opened', jsonb_build_object('n', n, 'text', repeat('x', n % 500)) from generate_series(1, 20000) n`
    const { archive: file } = await done(requestExport(app, large.id, fromSystem, true))
    const { tenant } = await done(
      requestNewFromArchive(
        app,
        { archive: file as string, foreign: false, name: 'Larger', subdomain: 'larger' },
        fromSystem,
        true,
      ),
    )
    const [row] = await sql`select schema from platform.tenants where id = ${tenant as string}`
    const digest = (schema: string) =>
      sql`select count(*)::int as rows, md5(string_agg(e::text, '' order by id)) as digest from ${sql(schema)}.audit_events e`
    expect(await digest(row!.schema as string)).toEqual(await digest(large.schema))
    await removeTenant('large', 'larger')
  })
})

describe('an archive of an older version', () => {
  test('is restored, and then migrated', async () => {
    const old = migrations.tenant.slice(
      0,
      migrations.tenant.findIndex(({ name }) => name === 'tenant/0002_branding_and_password_length'),
    )
    const tenant = await createOld(old)
    const { archive: file } = await done(requestExport(app, tenant.id, fromSystem, true))
    const { tenant: copy } = await done(
      requestNewFromArchive(
        app,
        { archive: file as string, foreign: false, name: 'Newtimer', subdomain: 'newtimer' },
        fromSystem,
        true,
      ),
    )
    const [row] =
      await sql`select t.schema, v.version from platform.tenants t join platform.schema_versions v using (schema) where t.id = ${copy as string}`
    expect(row!.version).toBe(migrations.tenant.at(-1)!.name)
    expect(await sql`select password_min_length, brand_color from ${sql(row!.schema as string)}.settings`).toEqual([
      { password_min_length: 12, brand_color: null },
    ])
    expect(await sql`select id, email from ${sql(row!.schema as string)}.users`).toEqual(
      await sql`select id, email from ${sql(tenant.schema)}.users`,
    )
    await removeTenant('oldtimer', 'newtimer')
  })
})

describe('a process that is killed', () => {
  test('during an export leaves nothing that the next one does not finish', async () => {
    const lock = await hold(sql, tx => tx`lock table ${tx(acme.schema)}.users in access exclusive mode`)
    const output = join(folder, 'killed.tar')
    const id = await killedAt(['tenant', 'export', 'acme', '--output', output], lock)
    expect(existsSync(output)).toBe(false)
    await sql`update platform.operations set lease_until = now() where id = ${id}`
    expect((await doctor()).join()).toMatch(/is left over from an interrupted archive/)
    const { result, state, error } = await finish(id)
    expect([state, error]).toEqual(['done', null])
    await expectNoTraces()
    const open = await requireArchive(app, result!.archive as string)
    await open.verify(() => {})
    await open.close()
  })

  test('during a restore in place leaves the organisation closed and unchanged, until the next one has finished', async () => {
    const before = await rowsOf(sql, acme.schema)
    const { archive: wanted } = await done(requestExport(app, acme.id, fromSystem, true))
    await sql`update ${sql(acme.schema)}.users set first_name = 'changed'`
    const changed = await rowsOf(sql, acme.schema)
    const lock = await hold(sql, tx => tx`select count(*) from ${tx(acme.schema)}.users`)
    const id = await killedAt(['tenant', 'restore-archive', wanted as string, '--in-place', 'acme', '--yes'], lock)
    expect(await rowsOf(sql, acme.schema)).toEqual(changed)
    expect(await sql`select maintenance_since is null as open from platform.tenants where id = ${acme.id}`).toEqual([
      { open: false },
    ])
    expect(await sql`select state from ${sql(acme.schema)}.standing`).toEqual([{ state: 'maintenance' }])
    const { result, state, error } = await finish(id)
    expect([state, error]).toEqual(['done', null])
    const after = await rowsOf(sql, acme.schema)
    expect(after.users).toEqual(before.users)
    expect(await sql`select maintenance_since is null as open from platform.tenants where id = ${acme.id}`).toEqual([
      { open: true },
    ])
    await expectNoTraces()
    await expectSame(result!.kept as string, changed)
  })

  test('after a restore in place, before that was recorded, does not restore twice', async () => {
    const id = await requestRestoration(app, acme.id, { archive, foreign: false, keep: false }, fromSystem, true)
    expect((await runOperation(app, migrations, id)).state).toBe('done')
    await sql`update ${sql(acme.schema)}.users set first_name = 'since then'`
    await sql`update platform.operations set state = 'running', lease_until = now() - interval '1 second', finished_at = null where id = ${id}`
    expect((await runOperation(app, migrations, id)).state).toBe('done')
    expect(await sql`select distinct first_name from ${sql(acme.schema)}.users`).toEqual([{ first_name: 'since then' }])
  })

  test.each([
    ['restores as new', () => ['tenant', 'restore-archive', archive, '--as', 'second', '--name', 'Second']],
    [
      'clones',
      () => [
        'tenant',
        'clone',
        'acme',
        '--subdomain',
        'second',
        '--name',
        'Second',
        '--admin-email',
        'dev@example.com',
      ],
    ],
  ])('while it %s leaves no tenant, and the next makes one', async (_, args) => {
    const lock = await hold(sql, tx => tx`lock table platform.schema_versions in exclusive mode`)
    const id = await killedAt(args(), lock)
    expect(await sql`select 1 from platform.tenants where subdomain = 'second'`).toHaveLength(0)
    const { state, error } = await finish(id)
    expect([state, error]).toEqual(['done', null])
    expect(await sql`select 1 from platform.tenants where subdomain = 'second'`).toHaveLength(1)
    // Again, as if its end had not been recorded.
    await sql`update platform.operations set state = 'running', lease_until = now() - interval '1 second', finished_at = null where id = ${id}`
    expect((await runOperation(app, migrations, id)).state).toBe('done')
    await expectNoTraces()
    await removeTenant('second')
  })
})

test('a clone has a rule for every column', async () => {
  const columns =
    await sql`select table_name as table, column_name as column from information_schema.columns where table_schema = ${acme.schema} and is_generated = 'NEVER'`
  expect(columns.length).toBeGreaterThan(30)
  const decided = Object.entries(scrubbing)
  expect(
    columns.filter(
      ({ table, column }) =>
        scrubbing[table as string] !== 'left out' && !(column in ((scrubbing[table as string] ?? {}) as object)),
    ),
  ).toEqual([])
  expect(decided.filter(([table]) => !columns.some(column => column.table === table))).toEqual([])
})

test("a tenant's schema has no sequence, which an archive would not set", async () => {
  expect(await sql`select 1 from pg_sequences where schemaname = ${acme.schema}`).toHaveLength(0)
})

async function furnish(subdomain: string): Promise<TenantRow> {
  const { tenant, url, admin } = await createTenant(
    app,
    migrations.tenant,
    {
      name: `${subdomain} Ltd`,
      subdomain,
      business_email: 'office@example.com',
      business_phone_number: '',
      admin_email: 'ann@example.com',
      admin_password: 'violet harbour at dawn',
    },
    fromSystem,
  )
  const authRealm = tenantAuthRealm(app.database, { ...tenant, origin: url })
  for (let i = 0; i < 20; i++)
    await createUser(
      app,
      authRealm,
      { email: `person${i}@example.com`, password: null, first_name: 'Tab\\backslash', employee_id: `E${i}` },
      fromSystem,
    )
  await replacePhoto(
    app,
    authRealm,
    admin.id,
    await sharp({ create: { width: 300, height: 300, channels: 3, background: 'red' } })
      .png()
      .toBuffer(),
    fromSystem,
  )
  return tenant
}

async function createOld(old: typeof migrations.tenant): Promise<TenantRow> {
  const tenant = await app.database.platform.transaction(async tx => {
    const tenant = await insertTenant(
      tx,
      app,
      { name: 'Oldtimer', subdomain: 'oldtimer', business_email: 'o@example.com', business_phone_number: '' },
      't_oldtimer_aaaaaa',
      new Date(),
    )
    await createSchemaAt(tx, tenant.schema, old)
    return tenant
  })
  await sql`insert into ${sql(tenant.schema)}.users (id, email, date_joined) values (${crypto.randomUUID()}, 'old@example.com', now())`
  return tenant
}

async function done(id: Promise<string>): Promise<Record<string, unknown>> {
  const { state, error, result } = await runOperation(app, migrations, await id)
  expect([state, error]).toEqual(['done', null])
  return result!
}

/** The manifest of a forged archive. */
function manifest(): Parameters<typeof forgeArchive>[0] {
  return {
    format: 1,
    created: '2026-01-01T00:00:00.000Z',
    tenant: {
      id: acme.id,
      name: 'Acme',
      subdomain: 'acme',
      tenant_id: acme.tenant_id,
      schema: acme.schema,
      business_email: 'office@acme.test',
      business_phone_number: '',
    },
    migrations: migrations.tenant.map(({ name, checksum }) => `${name} ${checksum}`),
  }
}

/**
 * Tries to restore an archive with these bytes.
 * @returns the reason why it is refused, or `done`
 */
async function refusal(bytes: Buffer, { foreign = false, subdomain = 'never' } = {}): Promise<string> {
  const name = `acme-20260101T000000Z-${String(++counter).padStart(8, '0')}.tar`
  await writeFile(pathOf(name), bytes)
  try {
    const id = await requestNewFromArchive(app, { archive: name, foreign, name: 'Never', subdomain }, fromSystem, true)
    const { state, error } = await runOperation(app, migrations, id)
    return error ?? state
  } catch (error) {
    return JSON.stringify((error as { body?: unknown }).body ?? String(error))
  } finally {
    await rm(pathOf(name))
  }
}

function pathOf(name: string): string {
  return join(folder, 'archives', name)
}

/** The positions of a tar file's entries, as tar reads them. */
function entriesOf(bytes: Buffer): { name: string; header: number; content: number; size: number }[] {
  const entries = []
  for (let at = 0; bytes[at] !== 0;) {
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8)
    entries.push({
      name: bytes.toString('latin1', at, at + 100).replace(/\0+$/, ''),
      header: at,
      content: at + 512,
      size,
    })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return entries
}

/** Everything that a failed restore must not change: both tenants, the platform's tenants, schemas, and files. */
async function everything() {
  const files = (await readdir(join(folder, 'uploads'), { recursive: true })).sort()
  return {
    tenants: await sql`select id, name, subdomain, schema, status, maintenance_since from platform.tenants order by id`,
    schemas: await sql`select nspname from pg_namespace where nspname ~ '^t_' order by 1`,
    versions: await sql`select schema, version from platform.schema_versions order by 1`,
    acme: createHash('sha256')
      .update(JSON.stringify(await rowsOf(sql, acme.schema)))
      .digest('hex'),
    globex: createHash('sha256')
      .update(JSON.stringify(await rowsOf(sql, globex.schema)))
      .digest('hex'),
    files,
  }
}

async function doctor(): Promise<string[]> {
  return (await examine(app, migrations)).flatMap(({ problems }) => problems)
}

async function expectNoTraces(): Promise<void> {
  expect((await readdir(join(folder, 'archives'))).filter(name => name.startsWith('.'))).toEqual([])
  expect(await doctor()).toEqual([])
}

async function expectSame(kept: string, rows: Awaited<ReturnType<typeof rowsOf>>): Promise<void> {
  const { tenant } = await done(
    requestNewFromArchive(app, { archive: kept, foreign: false, name: 'Kept', subdomain: 'kept' }, fromSystem, true),
  )
  const [row] = await sql`select schema from platform.tenants where id = ${tenant as string}`
  expect(await rowsOf(sql, row!.schema as string)).toEqual(rows)
  await removeTenant('kept')
}

/**
 * Runs the command line until it waits for the lock, and kills it there.
 * @returns the operation's id
 */
async function killedAt(args: string[], lock: { release(): Promise<void> }): Promise<string> {
  const child = startCli(args, env)
  await expect.poll(() => countWaiting(sql, 'tenantry-archive'), waitLimit).toBe(1)
  child.kill()
  await child.exited
  await lock.release()
  await expect
    .poll(
      async () =>
        (
          await sql`select from pg_stat_activity where application_name in ('tenantry-archive', 'tenantry-cli') and datname = current_database()`
        ).length,
      waitLimit,
    )
    .toBe(0)
  const [row] = await sql`select id from platform.operations where state = 'running'`
  return row!.id as string
}

/** Continues the operation as another process does when the lease of the killed one is over. */
async function finish(id: string): Promise<OperationRow> {
  await sql`update platform.operations set lease_until = now() where id = ${id}`
  return runOperation(app, migrations, id)
}

async function removeTenant(...subdomains: string[]): Promise<void> {
  for (const { schema } of await sql`select schema from platform.tenants where subdomain = any(${subdomains})`) {
    await sql`drop schema ${sql(schema as string)} cascade`
    await sql`delete from platform.schema_versions where schema = ${schema}`
    await rm(join(folder, 'uploads', schema as string), { recursive: true, force: true })
  }
  await sql`delete from platform.tenants where subdomain = any(${subdomains})`
}
