import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '../tests/support/http.ts'
import { pin } from './cores.ts'
import type { Member } from './fleet.ts'
import { password } from './fleet.ts'
import { startNode, startServer } from './processes.ts'
import { format, printTable, spread, tell } from './report.ts'
import type { Run } from './rounds.ts'
import { median, quantile } from './statistics.ts'
import type { Target } from './targets.ts'

interface SignIns {
  rate: number
  /** Requests that were answered 503, as too many were waiting. */
  refused: number
  /** Milliseconds of the requests of other users meanwhile. */
  others: number[]
}

const cost = 12
const callers = 8
const otherCallers = 2
const otherPause = 20

/** Measures sign-ins and the requests of other users meanwhile, and beside it what bcrypt alone can do on that core. */
export async function measureSignIns(run: Run, tenantry: Target): Promise<void> {
  const server = await startServer({ ...tenantry, env: { ...tenantry.env, BCRYPT_COST: String(cost) } }, run.cores)
  const limits: number[] = []
  const signIns: SignIns[] = []
  try {
    for (let round = 0; round < run.rounds; round++) {
      tell('sign-in')
      limits.push(await measureBcrypt(run))
      signIns.push(await measureOnce(run, tenantry))
    }
  } finally {
    await server.stop()
  }
  const others = signIns.flatMap(({ others }) => others)
  printTable(
    `Sign-in at bcrypt ${cost}, ${callers} at once`,
    ['sign-ins/s', 'bcrypt alone/s', 'of its limit', 'refused', 'users/me of others meanwhile: p50, ms', 'p99, ms'],
    [
      [
        spread(
          signIns.map(({ rate }) => rate),
          2,
        ),
        spread(limits, 2),
        format(median(signIns.map(({ rate }, round) => rate / limits[round]!)), 2),
        format(signIns.reduce((sum, { refused }) => sum + refused, 0)),
        format(quantile(others, 0.5), 1),
        format(quantile(others, 0.99), 1),
      ],
    ],
  )
}

async function measureBcrypt({ cores, seconds }: Run): Promise<number> {
  const child = startNode(['bench/floors/bcrypt.ts', String(seconds), String(cost)], ['ignore', 'pipe', 'inherit'])
  if (cores) pin(child.pid!, cores.server)
  const [output] = await Promise.all([text(child.stdout!), once(child, 'exit')])
  return Number(output)
}

/**
 * Every sign-in that was started is finished and counted. Each caller has signed in before: a sign-in from a new
 * device also sends a mail.
 */
async function measureOnce({ fleet: { members }, seconds }: Run, tenantry: Target): Promise<SignIns> {
  const known = members.slice(0, callers)
  await Promise.all(known.map(member => signIn(tenantry, member)))
  const begun = performance.now()
  const isOver = () => performance.now() - begun > seconds * 1000
  const others: number[] = []
  let count = 0
  let refused = 0
  const signInAgain = async (member: Member) => {
    while (!isOver()) {
      if (await signIn(tenantry, member)) count++
      else refused++
    }
  }
  const readAgain = async (_: unknown, i: number) => {
    const member = members[members.length - 1 - i]!
    const { access } = await tenantry.signIn(member)
    while (!isOver()) {
      const time = await timeMe(tenantry, member, access)
      if (time === undefined) refused++
      else others.push(time)
      await sleep(otherPause)
    }
  }
  const signedIn = Promise.all(known.map(signInAgain)).then(() => performance.now() - begun)
  await Promise.all([signedIn, ...Array.from({ length: otherCallers }, readAgain)])
  return { rate: count / ((await signedIn) / 1000), refused, others }
}

/** @returns false if it was refused */
async function signIn({ port }: Target, { email, tenant }: Member): Promise<boolean> {
  const body = { email, password }
  const { status } = await call(port, `${tenant.subdomain}.localhost:${port}`, '/api/v1/auth/jwt/create/', { body })
  if (status !== 200 && status !== 503) throw new Error(`A sign-in was answered ${status}.`)
  return status === 200
}

/** @returns undefined if it was refused */
async function timeMe({ port, paths }: Target, { email, tenant }: Member, token: string): Promise<number | undefined> {
  const started = performance.now()
  const { status, json } = await call(port, `${tenant.subdomain}.localhost:${port}`, paths.me, { token })
  if (status === 503) return undefined
  if (json.email !== email) throw new Error(`${email} was answered ${JSON.stringify(json)}`)
  return performance.now() - started
}
