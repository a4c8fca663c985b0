import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { finished, rowsOf } from '../../support/data/archives.ts'
import { hold } from '../../support/database/hold.ts'
import { runCli, startCli } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

const run = promisify(execFile)
const hasAge = await run('age', ['--version']).then(
  () => true,
  () => false,
)

let folder: string
let world: World
let sql: postgres.Sql
let owner: string
let identity: string
let recipient: string
let identityFile: string
let otherFile: string
/** An archive of Acme for the recipient, which the server has made. */
let name: string
const passphrase = 'four unlikely words together'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-encryption-'))
  identity = await generateX25519Identity()
  recipient = await identityToRecipient(identity)
  identityFile = join(folder, 'key.txt')
  otherFile = join(folder, 'other.txt')
  await writeFile(identityFile, `# public key: ${recipient}\n${identity}\n`)
  await writeFile(otherFile, `${await generateX25519Identity()}\n`)
  world = await createWorld({
    ARCHIVE_DIR: join(folder, 'archives'),
    UPLOAD_DIR: join(folder, 'uploads'),
    ARCHIVE_RECIPIENTS: recipient,
  })
  sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {} })
  owner = (await signInAs(world.console, world.console.admin)).access
  name = (await runCli(['tenant', 'export', 'acme', '--json'], world.env)).json.archive
  await runCli(['tenant', 'export', 'globex'], world.env)
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  await rm(folder, { recursive: true })
})

describe('an archive for a public key', () => {
  test('is encrypted, alone in the folder, and in the lists by its name', async () => {
    expect(name).toMatch(/^acme-\d{8}T\d{6}Z-[0-9a-f]{8}\.tar\.age$/)
    const path = join(folder, 'archives', name)
    const bytes = await readFile(path)
    expect(bytes.toString('latin1', 0, 22)).toBe('age-encryption.org/v1\n')
    expect(bytes.includes('manifest.json')).toBe(false)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const expected = { name, encrypted: true, problem: null, people: null, tenant: { subdomain: 'acme' } }
    const list = await world.console.call(`${api}/tenants/${world.acme.id}/archives/`, { token: owner })
    expect(list.json.results).toMatchObject([expected])
    expect((await readdir(join(folder, 'archives'))).filter(file => file.startsWith('.'))).toEqual([])
  })

  test('is refused where no key is given, and nothing has begun', async () => {
    const body = { archive: name }
    const path = `${api}/tenants/${world.acme.id}/restorations/`
    const answer = await world.console.call(path, { token: owner, body })
    expect(answer).toMatchObject({ status: 400, json: { archive: [expect.stringMatching(/is encrypted/)] } })
    expect(await sql`select from platform.operations where kind = 'restore'`).toHaveLength(0)
    expect(await restoredAs('keyless')).toMatchObject({ code: 1, errors: expect.stringMatching(/is encrypted/) })
  })

  test('is restored with its private key, and not with another one', async () => {
    const wrong = await restoredAs('wrong', ['--identity-file', otherFile])
    expect(wrong).toMatchObject({ code: 1, errors: expect.stringMatching(/for another key or passphrase/) })
    expect(await sql`select from platform.tenants where subdomain = 'wrong'`).toHaveLength(0)
    const { code, json } = await restoredAs('right', ['--identity-file', identityFile])
    expect(code).toBe(0)
    const [right] = await sql`select schema from platform.tenants where id = ${json.tenant}`
    expect(await rowsOf(sql, right!.schema)).toEqual(await rowsOf(sql, world.acme.schema))
    const files = (await readdir(join(folder, 'archives'))).filter(file => !file.endsWith('.tar.age'))
    expect(files).toEqual([])
    const [operation] =
      await sql`select input::text as input from platform.operations where kind = 'restore' order by created desc limit 1`
    expect(operation!.input).not.toContain('AGE-SECRET-KEY')
    const drill = ['archive', 'drill', 'acme', '--identity-file', identityFile, '--json']
    expect((await runCli(drill, world.env)).json.passed).toBe(true)
    const verify = ['tenant', 'archives', 'acme', '--verify', '--json', '--identity-file']
    expect((await runCli([...verify, identityFile], world.env)).code).toBe(0)
    expect((await runCli([...verify, otherFile], world.env)).code).toBe(1)
  })

  test('whose restore in place is killed leaves the organisation as it was, and open', async () => {
    const before = await rowsOf(sql, world.globex.schema)
    const [globex] = (await runCli(['tenant', 'archives', 'globex', '--json'], world.env)).json
    const lock = await hold(sql, tx => tx`lock table ${tx(world.globex.schema)}.users in access exclusive mode`)
    const args = ['tenant', 'restore-archive', globex.name, '--in-place', 'globex', '--yes']
    const child = startCli([...args, '--identity-file', identityFile], world.env)
    const closed = () => sql`select from platform.tenants where subdomain = 'globex' and maintenance_since is not null`
    await expect.poll(async () => (await closed()).length, waitLimit).toBe(1)
    child.kill()
    await child.exited
    await lock.release()
    const [{ id }] = (await sql`
      update platform.operations set lease_until = now() where kind = 'restore' and state = 'running' returning id`) as [
      { id: string },
    ]
    expect(await finished(world.app, id)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/is encrypted/),
    })
    expect(await closed()).toHaveLength(0)
    expect(await rowsOf(sql, world.globex.schema)).toEqual(before)
    const leftOvers = (await readdir(join(folder, 'archives'))).filter(file => file.startsWith('.decrypted'))
    expect(leftOvers).toEqual([])
  })

  test('that was altered or cut off is refused at each place', async () => {
    const bytes = await readFile(join(folder, 'archives', name))
    const file = join(folder, 'altered.tar.age')
    const flipped = (at: number) => {
      const copy = Buffer.from(bytes)
      copy[at]! ^= 1
      return copy
    }
    const cases = [0, 30, 100, 200, 300, bytes.length / 2, bytes.length - 1].map(at => flipped(Math.floor(at)))
    for (const broken of [...cases, bytes.subarray(0, -1), bytes.subarray(0, 100), bytes.subarray(0, 22)]) {
      await writeFile(file, broken)
      const drill = await runCli(['archive', 'drill', file, '--identity-file', identityFile], world.env)
      expect([drill.code, drill.errors]).toEqual([1, expect.stringMatching(/damaged|another key/)])
    }
    await writeFile(file, `age-encryption.org/v1\n-> X25519 ${'x'.repeat(200_000)}`)
    const endless = await runCli(['archive', 'drill', file, '--identity-file', identityFile], world.env)
    expect([endless.code, endless.errors]).toEqual([1, expect.stringMatching(/damaged/)])
  })

  test.runIf(hasAge)('is read by age, and one that age has encrypted is restored', async () => {
    const plain = join(folder, 'plain.tar')
    await run('age', ['--decrypt', '-i', identityFile, '-o', plain, join(folder, 'archives', name)])
    expect((await run('tar', ['-tf', plain])).stdout).toMatch(/^manifest.json\nseal.json\n/)
    const again = join(folder, 'again.tar.age')
    await run('age', ['-r', recipient, '-o', again, plain])
    expect((await restoredAs('by-age', ['--identity-file', identityFile], again)).code).toBe(0)
  })
})

describe('an archive with a passphrase', () => {
  test('is written and read by the command line, and by nobody with another one', async () => {
    const env = { ...world.env, ARCHIVE_RECIPIENTS: '' }
    const before = await readdir(join(folder, 'archives'))
    const file = join(folder, 'passphrase.tar.age')
    const args = ['tenant', 'export', 'acme', '--output', file, '--passphrase-stdin', '--json']
    expect((await runCli(args, env, `${passphrase}\n`)).code).toBe(0)
    expect(await readdir(join(folder, 'archives'))).toEqual(before)
    expect((await readFile(file)).toString('latin1', 0, 80)).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S{22} /)
    const drill = ['archive', 'drill', file, '--passphrase-stdin', '--json']
    expect((await runCli(drill, env, `${passphrase}\n`)).json.passed).toBe(true)
    const wrong = await runCli(drill, env, 'another one\n')
    expect([wrong.code, wrong.errors]).toEqual([1, expect.stringMatching(/for another key or passphrase/)])
    expect(wrong.errors + wrong.output).not.toContain('another one')
    expect((await runCli(drill, env, '')).code).toBe(2)
  })

  test('that would take too much memory is refused at once', async () => {
    const file = join(folder, 'costly.tar.age')
    const header = (await readFile(join(folder, 'passphrase.tar.age'))).toString('latin1')
    await writeFile(file, header.replace(/^(age\S+\n-> scrypt \S{22}) 18/, '$1 22'), 'latin1')
    const { code, errors } = await runCli(
      ['archive', 'drill', file, '--passphrase-stdin'],
      world.env,
      `${passphrase}\n`,
    )
    expect([code, errors]).toEqual([1, expect.stringMatching(/too much memory/)])
  })
})

test('options that make no sense are refused before anything is exported', async () => {
  const env = { ...world.env, ARCHIVE_RECIPIENTS: '' }
  const before = await readdir(join(folder, 'archives'))
  const output = ['--output', join(folder, 'never.tar.age')]
  for (const args of [
    ['--recipient', recipient],
    ['--passphrase-stdin'],
    [...output, '--recipient', `${recipient.slice(0, -1)}x`],
    [...output, '--recipient', recipient, '--passphrase-stdin'],
  ])
    expect([args, (await runCli(['tenant', 'export', 'acme', ...args], env, 'x\n')).code]).toEqual([args, 2])
  const twice = ['tenant', 'export', 'acme', ...output, '--recipient', recipient]
  expect((await runCli(twice, world.env)).code).toBe(2)
  expect(await readdir(join(folder, 'archives'))).toEqual(before)
  const typo = { ...world.env, ARCHIVE_RECIPIENTS: `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}` }
  expect((await runCli(['doctor'], typo)).output).toMatch(/is no public key of age/)
})

function restoredAs(subdomain: string, args: string[] = [], file = name) {
  const as = ['--as', subdomain, '--name', subdomain, '--json']
  return runCli(['tenant', 'restore-archive', file, ...as, ...args], world.env)
}
