import type { Cores } from './cores.ts'
import type { Fleet, Member } from './fleet.ts'
import type { Generator, LoadRequest, Measured } from './load.ts'
import type { RunningServer } from './processes.ts'
import { startServer } from './processes.ts'
import { printTable, spread, tell } from './report.ts'
import { median } from './statistics.ts'
import type { Target } from './targets.ts'
import type { Workload } from './workloads.ts'
import { checkAnswer } from './workloads.ts'

/** What all benches share. */
export interface Run {
  fleet: Fleet
  generator: Generator
  cores: Cores | undefined
  rounds: number
  seconds: number
}

type Samples = Map<Target, Measured[]>

/** Seconds: each connection of the server to the database prepares its statements for each tenant. */
export const warmUp = 5
/** How many answers of a target are checked before it is measured. */
const checked = 5
const reference = 'bare Nuxt'

/** Measures each workload at all targets, and prints a table of each. */
export async function measureWorkloads(run: Run, targets: Target[], workloads: Workload[]): Promise<void> {
  const servers = new Map<Target, RunningServer>()
  try {
    for (const target of targets) servers.set(target, await startServer(target, run.cores))
    for (const workload of workloads) printWorkload(workload, await measureInRounds(run, servers, workload))
  } finally {
    await Promise.all([...servers.values()].map(server => server.stop()))
  }
}

/** Each round measures every target once, and starts with another one: the machine's speed changes with time. */
async function measureInRounds(run: Run, servers: Map<Target, RunningServer>, workload: Workload): Promise<Samples> {
  const targets = [...servers.keys()]
  const samples: Samples = new Map()
  for (let round = 0; round < run.rounds; round++) {
    for (const i of targets.keys()) {
      const target = targets[(round + i) % targets.length]!
      const measured = await measureOnce(run, target, servers.get(target)!.pid, workload)
      if (measured) samples.set(target, [...(samples.get(target) ?? []), measured])
    }
  }
  return samples
}

async function measureOnce(
  { fleet: { members }, generator, seconds }: Run,
  target: Target,
  pid: number,
  workload: Workload,
): Promise<Measured | undefined> {
  const requests = await prepareRequests(target, members, workload)
  if (!requests) return undefined
  for (let i = 0; i < checked; i++) {
    const at = Math.floor((i * members.length) / checked)
    await checkAnswer(workload, target, members[at]!, requests[at]!)
  }
  tell(`${workload.name}: ${target.name}`)
  return generator.run({
    port: target.port,
    pid,
    connections: workload.connections,
    warmUp,
    seconds,
    requests: mix(requests),
  })
}

/** @returns one request of each member with a new token, or undefined if the target has no such answer */
async function prepareRequests(target: Target, members: Member[], workload: Workload) {
  const requests: LoadRequest[] = []
  for (const member of members) {
    const request = workload.request(target, member, await target.signIn(member))
    if (!request) return undefined
    requests.push(request)
  }
  return requests
}

/** Mixes the tenants, in the same order in every run. */
function mix<T>(items: T[]): T[] {
  const step = 97
  return items
    .map((item, i) => ({ item, at: (i * step) % items.length }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

function printWorkload({ name, connections, statements }: Workload, samples: Samples): void {
  const base = [...samples].find(([target]) => target.name === reference)?.[1]
  const rows = [...samples].map(([target, measured]) => {
    const ofBase = (field: 'rate' | 'cpu') =>
      base && base !== measured
        ? spread(
            measured.map((sample, round) => sample[field] / base[round]![field]),
            2,
          )
        : ''
    const all = (field: keyof Measured) => measured.map(sample => sample[field])
    return [
      target.name,
      spread(all('rate')),
      ofBase('rate'),
      spread(all('cpu')),
      ofBase('cpu'),
      spread([median(all('used')) * 100]),
      spread(all('p99'), 1),
      spread([median(all('bytes'))]),
      String(target.name === 'Tenantry' ? statements.Tenantry : statements.floors),
      String(all('errors').reduce((sum, errors) => sum + errors, 0)),
    ]
  })
  printTable(`${name}, ${connections} connections`, heads, rows)
}

const heads = [
  'server',
  'requests/s',
  `: ${reference}`,
  'CPU of the server, µs per request',
  `: ${reference}`,
  'use of its core, %',
  'p99, ms',
  'bytes',
  'statements',
  'errors',
]
