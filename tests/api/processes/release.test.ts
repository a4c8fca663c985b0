import { spawn, spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { version } from '#server/config/version.ts'
import { assemble } from '../../../scripts/release.ts'
import { call } from '../../support/http.ts'
import { freePort, startServer } from '../../support/process/server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { auth, createSettings, createWorld } from '../../support/world.ts'

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
  expect(printed(['--version'])).toBe(`${version}\n`)
  expect(tenantry(['migrate', 'status', '--json'])).toMatchObject({ current: 2, behind: [] })
  server.kill()
  expect(await ended).toBe(0)
})

test('SIGHUP starts the workers of the release to which the link leads by now, if these can start', async () => {
  const link = join(folder, '..', `${basename(folder)}-link`)
  const [next, broken] = [`${folder}-next`, `${folder}-broken`]
  for (const copy of [next, broken]) await cp(folder, copy, { recursive: true, verbatimSymlinks: true })
  await changeVersion(next)
  await writeFile(join(broken, 'server/index.mjs'), 'process.exit(1)')
  await symlink(folder, link)
  const world = await createWorld()
  const settings = { ...world.env, PORT: String(await freePort()), PUBLIC_PORT: String(world.port), WORKERS: '2' }
  const server = await startServer(settings, [], join(link, 'server/index.mjs'))
  const logged = (name: string) => server.log.filter(({ event }) => event === name)
  const lead = async (to: string) => {
    await rm(link)
    await symlink(to, link)
    process.kill(server.pid, 'SIGHUP')
  }
  const statuses = new Set<number>()
  const callUntil = async (isOver: () => boolean) => {
    while (!isOver())
      for (const place of [world.acme, world.globex])
        statuses.add((await call(server.port, place.host, '/login')).status)
  }
  try {
    await vi.waitUntil(() => logged('server_started').length === 2, waitLimit)
    await lead(broken)
    await callUntil(() => logged('workers_not_renewed').length === 1)
    await lead(next)
    await callUntil(() => logged('workers_renewed').length === 1)
    expect(logged('server_started').map(line => line.version)).toEqual([version, version, '99.0.0', '99.0.0'])
    expect([...statuses]).toEqual([200])
    expect(await server.stop()).toBe(0)
  } finally {
    await world.stop()
    for (const path of [link, next, broken]) await rm(path, { recursive: true })
  }
})

async function changeVersion(release: string): Promise<void> {
  const file = join(release, 'server/chunks/nitro/nitro.mjs')
  const code = await readFile(file, 'utf8')
  const parts = code.split(`"${version}"`)
  expect(parts).toHaveLength(2)
  await writeFile(file, parts.join('"99.0.0"'))
}

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
  return JSON.parse(printed([...args, ...more], input))
}

function printed(args: string[], input = ''): string {
  const path = `${join(process.execPath, '..')}:/usr/bin:/bin`
  const { stdout, stderr } = spawnSync(join(folder, 'bin/tenantry'), args, {
    cwd: '/',
    env: { ...env, PATH: path },
    input,
    encoding: 'utf8',
  })
  if (!stdout) throw new Error(stderr)
  return stdout
}
