/**
 * `node bench/sign-in-timing.ts [rounds] [costs]`: whether the time of a refused sign-in reveals who has an account.
 * To be run by hand, on a quiet machine: interleaved sign-ins of each kind, their medians, and the Mann-Whitney test
 * of each kind against a wrong password. A p far below 0.01 means that the two can be distinguished.
 *
 * `costs`, such as 10,12: costs of other users' hashes, from before BCRYPT_COST was changed to 11.
 */
import { fromSystem } from '#server/domain/context.ts'
import { createHashing } from '#server/domain/sessions/hashing.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { createUser } from '#server/domain/users/create.ts'
import { call } from '../tests/support/http.ts'
import { createScene } from './scene.ts'

const rounds = Number(process.argv[2] ?? 100)
const formerCosts = (process.argv[3] ?? '').split(',').filter(Boolean).map(Number)
let lastAddress = 0

const scene = await createScene({ TRUSTED_PROXIES: '127.0.0.1', BCRYPT_COST: '11' })
try {
  // First, as the server reads the costs in use once a minute.
  const former = Object.fromEntries(
    await Promise.all(formerCosts.map(async cost => [`wrong, hash of cost ${cost}`, await addPerson(cost)])),
  )
  const kinds: Record<string, { email: string; password: string }> = {
    'wrong password': { email: scene.email, password: 'not the password' },
    'unknown address': { email: 'nobody@acme.test', password: 'not the password' },
    'no password yet': { email: 'person0@acme.test', password: 'not the password' },
    'inactive, right password': await addInactive(),
    ...former,
  }
  const times = Object.fromEntries(Object.keys(kinds).map(kind => [kind, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (const [kind, credentials] of shuffled(Object.entries(kinds))) times[kind]!.push(await timeRefusal(credentials))
  }
  const [reference] = Object.values(times)
  for (const [kind, samples] of Object.entries(times)) {
    process.stdout.write(
      `${kind.padEnd(26)}  median ${median(samples).toFixed(2).padStart(8)} ms   p ${mannWhitney(reference!, samples).toFixed(3)}\n`,
    )
  }
} finally {
  await scene.close()
}

async function addInactive(): Promise<{ email: string; password: string }> {
  const person = { email: 'left@acme.test', password: 'grandfather clocks at noon' }
  const access = await scene.signIn()
  await call(scene.server.port, scene.host, '/api/v1/auth/users/', {
    token: access,
    body: { ...person, is_active: false },
  })
  return person
}

async function addPerson(cost: number): Promise<{ email: string; password: string }> {
  const { app } = scene
  const email = `cost-${cost}@acme.test`
  const hashing = createHashing({ pepper: app.config.pepper, cost })
  const tenant = await requireTenant(app, 'acme')
  await createUser(
    { ...app, hashing },
    tenantRealmOf(app, tenant),
    { email, password: 'grandfather clocks at noon' },
    fromSystem,
  )
  return { email, password: 'not the right one' }
}

/** Each request comes from its own address, so that no limit applies. */
async function timeRefusal(body: { email: string; password: string }): Promise<number> {
  lastAddress++
  const address = `198.18.${lastAddress >> 8}.${lastAddress & 255}`
  const started = performance.now()
  const { status } = await call(scene.server.port, scene.host, '/api/v1/auth/jwt/create/', {
    body,
    headers: { 'x-forwarded-for': address },
  })
  if (status !== 401) throw new Error(`Answered ${status}`)
  return performance.now() - started
}

function shuffled<T>(items: T[]): T[] {
  return items
    .map(item => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

function median(samples: number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1]!
}

/** @returns the two-sided p of the Mann-Whitney U test, by its normal approximation */
function mannWhitney(a: number[], b: number[]): number {
  const u = a.reduce((sum, x) => sum + b.filter(y => y < x).length + b.filter(y => y === x).length / 2, 0)
  const deviation = Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12)
  return 2 * upperTail(Math.abs(u - (a.length * b.length) / 2) / deviation)
}

// Abramowitz and Stegun, 26.2.17: the normal distribution's tail, to seven digits.
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}
