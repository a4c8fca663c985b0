/**
 * `node bench/fairness.ts`: how much one busy organisation slows down another. To be run by hand, on a quiet machine.
 * It measures the other organisation's requests alone, and while the first one imports, invites, exports, archives or
 * waits for its own locks.
 */
import { createHash } from 'node:crypto'
import postgres from 'postgres'
import { requestExport } from '#server/domain/archives/requests.ts'
import { fromSystem } from '#server/domain/context.ts'
import { getOperation } from '#server/domain/operations/operations.ts'
import { call } from '../tests/support/http.ts'
import { createScene } from './scene.ts'

const seconds = 3
const rounds = 3
let count = 0
let archiving: Promise<void> | undefined
const api = '/api/v1'

const scene = await createScene({ BCRYPT_COST: '10', ACCESS_TTL: '3600' })
const { port } = scene.server
await scene.addTenant('other')
const sql = postgres(scene.app.databaseUrl, { max: 1, onnotice: () => {} })
const [acme, other] = await sql`select id, subdomain, schema from platform.tenants order by subdomain = 'acme' desc`
const otherHost = `${other!.subdomain}.localhost:${port}`
const busy = await scene.signIn()
const [{ email: otherEmail } = { email: '' }] = await sql`select email from ${sql(other!.schema)}.users`
const quiet = (
  await call(port, otherHost, `${api}/auth/jwt/create/`, {
    body: { email: otherEmail as string, password: scene.password },
  })
).json.access as string

const works: Record<string, (i: number) => Promise<unknown>> = {
  'while another imports': i =>
    call(port, scene.host, `${api}/users/import/`, {
      token: busy,
      headers: { 'content-type': 'text/csv' },
      body: csv(i),
    }),
  'while another invites many': i =>
    call(port, scene.host, `${api}/invitations/bulk/`, {
      token: busy,
      body: { invitations: Array.from({ length: 50 }, (_, row) => ({ email: `${row}.${i}@example.com` })) },
    }),
  'while another exports': () => call(port, scene.host, `${api}/users/export.csv`, { token: busy }),
  'while another is archived': archiveAgain,
  'while another waits for a lock': () =>
    call(port, scene.host, `${api}/auth/users/me/`, { method: 'PATCH', token: busy, body: { first_name: 'Ann' } }),
}

for (const [name, work] of Object.entries(works)) {
  // Alternating, because the machine's other load changes with time.
  const alone = emptyTimes()
  const beside = emptyTimes()
  for (let round = 0; round < rounds; round++) {
    await untilMailed()
    await measureOther(alone, () => pause(100))
    const lock = name.endsWith('lock') ? await lockUsers() : undefined
    await measureOther(beside, work)
    await lock?.()
  }
  const compare = (kind: 'reads' | 'writes') => `${kind} ${describe(alone[kind])} → ${describe(beside[kind])}`
  process.stdout.write(`${name.padEnd(32)} ${compare('reads')}   ${compare('writes')}   refused ${beside.refused}\n`)
}
await sql.end()
await scene.close()

interface Times {
  reads: number[]
  writes: number[]
  refused: number
}

function emptyTimes(): Times {
  return { reads: [], writes: [], refused: 0 }
}

/** Sixteen parallel callers of the first organisation, and one reader and one writer of the other. */
async function measureOther(times: Times, work: (i: number) => Promise<unknown>): Promise<void> {
  const end = Date.now() + seconds * 1_000
  const others = (kind: 'reads' | 'writes', options: object) => async () => {
    while (Date.now() < end) {
      const started = performance.now()
      const { status } = await call(port, otherHost, `${api}/auth/users/me/`, { token: quiet, ...options })
      if (status === 200) times[kind].push(performance.now() - started)
      else times.refused++
      await pause(5)
    }
  }
  const crowd = async () => {
    while (Date.now() < end) await work(count++)
  }
  await Promise.all([
    ...Array.from({ length: 16 }, crowd),
    others('reads', {})(),
    others('writes', { method: 'PATCH', body: { last_name: 'Quiet' } })(),
  ])
}

/** Only one archive at a time, however many calls there are. */
async function archiveAgain(): Promise<void> {
  archiving ??= archive().finally(() => (archiving = undefined))
  return archiving
}

async function archive(): Promise<void> {
  const id = await requestExport(scene.app, acme!.id as string, fromSystem)
  for (let state = ''; state !== 'done'; state = (await getOperation(scene.app, id))!.state) await pause(20)
}

/** Waits until all mails are sent. */
async function untilMailed(): Promise<void> {
  while ((await sql`select from platform.outbox where sent_at is null and given_up_at is null limit 1`).length > 0)
    await pause(200)
}

async function lockUsers(): Promise<() => Promise<void>> {
  const locker = postgres(scene.app.databaseUrl, { max: 1, onnotice: () => {} })
  await locker.unsafe(`begin; lock table ${acme!.schema}.users in access exclusive mode`)
  return async () => {
    await locker.unsafe('rollback')
    await locker.end()
  }
}

function csv(i: number): string {
  const name = createHash('sha256').update(String(i)).digest('hex').slice(0, 8)
  return [
    'email,first_name',
    ...Array.from({ length: 300 }, (_, row) => `p${row}.${name}@example.com,Person ${row}`),
  ].join('\n')
}

function describe(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1)
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (${sorted.length})`
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
