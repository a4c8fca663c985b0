import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assemble } from '../../../scripts/release.ts'
import { call } from '../../support/http.ts'
import { freePort } from '../../support/process/server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { auth, createSettings } from '../../support/world.ts'

let folder: string
let env: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-release-'))
  await assemble(folder)
  env = { ...(await createSettings()), PORT: String(await freePort()), MAIL_DIR: join(folder, 'mail') }
})
afterAll(() => rm(folder, { recursive: true }))

test('a release needs nothing of the project: its command line creates organisations, its server serves them', async () => {
  const server = spawn(process.execPath, [join(folder, 'server/index.mjs')], {
    cwd: '/',
    env: { ...env, WORKERS: '1' },
  })
  const ended = new Promise(resolve => server.once('exit', resolve))
  const port = Number(env.PORT)
  const isReady = () =>
    call(port, 'localhost', '/readyz').then(
      ({ status }) => status,
      () => 0,
    )
  await expect.poll(isReady, waitLimit).toBe(200)

  const people = { acme: 'violet harbour at dawn', globex: 'a quiet meadow in june' }
  for (const [subdomain, password] of Object.entries(people)) {
    const made = tenantry(
      ['tenant', 'create', '--name', subdomain, '--subdomain', subdomain, '--email', 'office@example.com'],
      ['--admin-email', 'ann@example.com', '--password-stdin', '--json'],
      password,
    )
    expect(made).toMatchObject({ subdomain, admin: { email: 'ann@example.com' } })
  }
  for (const [subdomain, password] of Object.entries(people)) {
    for (const tried of Object.values(people)) {
      const body = { email: 'ann@example.com', password: tried }
      const { status } = await call(port, `${subdomain}.localhost:${port}`, `${auth}/jwt/create/`, { body })
      expect(status).toBe(tried === password ? 200 : 401)
    }
    const page = await call(port, `${subdomain}.localhost:${port}`, '/login', { accept: 'text/html' })
    expect([page.status, page.text.includes('<form')]).toEqual([200, true])
    const script = /src="(\/_nuxt\/[^"]+\.js)"/.exec(page.text)?.[1]
    expect((await call(port, `${subdomain}.localhost:${port}`, script!)).status).toBe(200)
  }
  expect(tenantry(['migrate', 'status', '--json'])).toMatchObject({ current: 2, behind: [] })
  server.kill()
  expect(await ended).toBe(0)
})

test('it lists its packages with versions and checksums, and none that only tests need', async () => {
  const bill = JSON.parse(await readFile(join(folder, 'sbom.cdx.json'), 'utf8')) as {
    bomFormat: string
    components: { name: string; version: string; purl: string; hashes: { content: string }[] }[]
  }
  expect(bill.bomFormat).toBe('CycloneDX')
  const find = (wanted: string) => bill.components.filter(({ name }) => name === wanted)
  const { version } = JSON.parse(await readFile('node_modules/postgres/package.json', 'utf8')) as { version: string }
  expect(find('postgres')).toMatchObject([{ version, purl: `pkg:npm/postgres@${version}` }])
  expect(find('postgres')[0]!.hashes[0]!.content).toMatch(/^[0-9a-f]{128}$/)
  expect(find('@opentelemetry/sdk-trace')[0]!.purl).toMatch(/^pkg:npm\/%40opentelemetry\/sdk-trace@\d/)
  expect(find('vitest')).toEqual([])
  expect(new Set(bill.components.map(({ purl }) => purl)).size).toBe(bill.components.length)
})

function tenantry(args: string[], more: string[] = [], input = ''): unknown {
  const path = `${join(process.execPath, '..')}:/usr/bin:/bin`
  const { stdout, stderr } = spawnSync(join(folder, 'bin/tenantry'), [...args, ...more], {
    cwd: '/',
    env: { ...env, PATH: path },
    input,
    encoding: 'utf8',
  })
  if (!stdout) throw new Error(stderr)
  return JSON.parse(stdout)
}
