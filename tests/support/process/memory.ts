import { readFile } from 'node:fs/promises'

export interface MemoryWatch {
  /** @returns for each process of whose life at least ten minutes after the warm-up were seen: MB per minute */
  slopes(): Slope[]
  stop(): void
}

export interface Slope {
  pid: number
  /** MB. */
  first: number
  last: number
  /** MB per minute, by least squares. */
  slope: number
  minutes: number
}

interface Sample {
  /** Minutes. */
  at: number
  megabytes: number
}

/**
 * Reads the resident memory of a process and of its children each second, as Linux reports it.
 * @param warmUp minutes of each process's life that do not count
 */
export function watchMemory(pid: number, warmUp: number): MemoryWatch {
  const samples = new Map<number, Sample[]>()
  const started = performance.now()
  const timer = setInterval(async () => {
    const at = (performance.now() - started) / 60_000
    for (const one of [pid, ...(await childrenOf(pid))]) {
      const megabytes = await residentOf(one)
      if (megabytes === undefined) continue
      if (!samples.has(one)) samples.set(one, [])
      samples.get(one)!.push({ at, megabytes })
    }
  }, 1_000)
  return {
    slopes: () => [...samples].flatMap(([one, all]) => slopeOf(one, all, warmUp)),
    stop: () => clearInterval(timer),
  }
}

function slopeOf(pid: number, all: Sample[], warmUp: number): Slope[] {
  const begin = all[0]!.at + warmUp
  const samples = all.filter(({ at }) => at >= begin)
  const minutes = (samples.at(-1)?.at ?? begin) - begin
  if (minutes < 10) return []
  return [{ pid, first: samples[0]!.megabytes, last: samples.at(-1)!.megabytes, slope: leastSquares(samples), minutes }]
}

function leastSquares(samples: Sample[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(samples.map(({ at }) => at))
  const y = mean(samples.map(({ megabytes }) => megabytes))
  const products = samples.map(({ at, megabytes }) => (at - x) * (megabytes - y))
  const squares = samples.map(({ at }) => (at - x) ** 2)
  return mean(products) / mean(squares)
}

/** The processes that a process has started and that run, oldest first. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

async function residentOf(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(text) ?? []
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
}
