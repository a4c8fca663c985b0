import type { Cores } from './cores.ts'
import { memoryOf, startServer } from './processes.ts'
import { printTable, spread, tell } from './report.ts'
import type { Target } from './targets.ts'

interface Start {
  healthy: number
  ready: number
  memory: number
}

/**
 * Measures how long each target takes from its start until it answers, and its memory then. The first start of each
 * is not measured: it fills the cache of compiled code.
 */
export async function measureStarts(
  { cores, rounds }: { cores: Cores | undefined; rounds: number },
  targets: Target[],
): Promise<void> {
  const starts = new Map<string, Start[]>(targets.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const target of targets) {
      tell(`start: ${target.name}`)
      const start = await startOnce(target, cores)
      if (round > 0) starts.get(target.name)!.push(start)
    }
  }
  printTable(
    'Cold start',
    ['server', 'first answer (/healthz), ms', 'ready (/readyz), ms', 'memory then, MB'],
    [...starts].map(([name, all]) => [
      name,
      ...(['healthy', 'ready', 'memory'] as const).map(field => spread(all.map(start => start[field]))),
    ]),
  )
}

async function startOnce(target: Target, cores: Cores | undefined): Promise<Start> {
  const { pid, started, stop } = await startServer(target, cores, true)
  const memory = memoryOf(pid).rss
  await stop()
  return { ...started, memory }
}
