/**
 * `npm run bench [name …]`: the throughput of one process, by hand, on a quiet machine. The load generator runs on
 * the same machine and uses some of its cores.
 */
import { Agent, request } from 'node:http'
import autocannon from 'autocannon'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fleetStatus, migrateFleet } from '#server/database/migrations/fleet.ts'
import type { Scene } from './scene.ts'
import { createScene } from './scene.ts'

const seconds = 8
const connections = 32

const benches: Record<string, (scene: Scene) => Promise<string>> = {
  'users/me': async scene =>
    get(scene, '/api/v1/auth/users/me/', { authorization: `Bearer ${(await scene.signIn()).access}` }),
  'staff list, page 2 of 100 matches': async scene =>
    get(scene, '/api/v1/users/?search=amara&page=2', { authorization: `Bearer ${(await scene.signIn()).access}` }),
  'staff page, server-rendered': async scene =>
    get(scene, '/people', { cookie: (await scene.signIn()).cookie, accept: 'text/html' }),
  'refresh': refresh,
  'sign-in at bcrypt 12': signIns,
  'new tenant': async scene => describe(await scene.addTenants(0, 1_000)),
  'migration of 1,000 tenants': migration,
}

const wanted = process.argv.slice(2)
const scene = await createScene()
try {
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.some(word => name.includes(word))) continue
    process.stdout.write(`${name.padEnd(36)}  ${await bench(scene)}\n`)
  }
} finally {
  await scene.close()
}

async function get(scene: Scene, path: string, headers: Record<string, string>): Promise<string> {
  const load = (duration: number) =>
    autocannon({
      url: `http://127.0.0.1:${scene.server.port}${path}`,
      connections,
      duration,
      headers: { host: scene.host, ...headers },
    })
  await load(2)
  const { requests, latency, non2xx } = await load(seconds)
  return `${Math.round(requests.average)}/s, p99 ${latency.p99} ms${non2xx ? `, ${non2xx} FAILED` : ''}`
}

async function refresh(scene: Scene): Promise<string> {
  const tokens: string[] = []
  while (tokens.length < connections) tokens.push((await scene.signIn()).refresh)
  const agent = new Agent({ keepAlive: true })
  const end = Date.now() + seconds * 1_000
  let count = 0
  await Promise.all(
    tokens.map(async token => {
      for (let next = token; Date.now() < end; count++)
        next = (
          JSON.parse(await post(scene, agent, '/api/v1/auth/jwt/refresh/', { refresh: next })) as { refresh: string }
        ).refresh
    }),
  )
  return `${Math.round(count / seconds)}/s`
}

// Besides the throughput: other requests must not be slowed down by it.
async function signIns(scene: Scene): Promise<string> {
  const { access } = await scene.signIn()
  const agent = new Agent({ keepAlive: true })
  const end = Date.now() + seconds * 1_000
  const waits: number[] = []
  let count = 0
  const signIn = async () => {
    for (; Date.now() < end; count++)
      await post(scene, agent, '/api/v1/auth/jwt/create/', { email: scene.email, password: scene.password })
  }
  const others = async () => {
    while (Date.now() < end) {
      const started = performance.now()
      await post(scene, agent, '/api/v1/auth/jwt/verify/', { token: access })
      waits.push(performance.now() - started)
    }
  }
  await Promise.all([...Array.from({ length: 8 }, signIn), others()])
  return `${(count / seconds).toFixed(1)}/s; meanwhile others: ${describe(waits)}`
}

async function migration({ app }: Scene): Promise<string> {
  const migrations = [
    ...loadMigrations('.', 'tenant'),
    {
      name: 'tenant/9999_bench',
      checksum: 'bench',
      statements: 'alter table users add column bench text; create index users_bench on users (bench)',
    },
  ]
  const started = performance.now()
  const { done, failed } = await migrateFleet(app.database, migrations, { parallel: 4 })
  const migrated = performance.now()
  await fleetStatus(app.database, migrations)
  return `${done} in ${((migrated - started) / 1_000).toFixed(1)} s, ${failed.length} failed; status ${Math.round(performance.now() - migrated)} ms`
}

function post(scene: Scene, agent: Agent, path: string, body: unknown): Promise<string> {
  const payload = JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const headers = {
      'host': scene.host,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
    }
    const outgoing = request(
      { agent, host: '127.0.0.1', port: scene.server.port, path, method: 'POST', headers },
      response => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () =>
          response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(payload)
  })
}

function describe(milliseconds: number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number) => `${sorted[Math.floor(sorted.length * share)]!.toFixed(1)} ms`
  return `median ${at(0.5)}, p99 ${at(0.99)} of ${sorted.length}`
}
