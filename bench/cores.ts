import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The cores of the machine: one for the measured server, the others for PostgreSQL and the load generator. */
export interface Cores {
  server: string
  others: string
}

/**
 * Divides the cores that this process may use, and pins it to the others; the processes that it starts inherit that.
 * @returns undefined if nothing can be pinned here
 */
export function divideCores(): Cores | undefined {
  const allowed = allowedCores()
  if (allowed.length < 2) return undefined
  const cores = { server: allowed.at(-1)!, others: allowed.slice(0, -1).join() }
  return pin(process.pid, cores.others) ? cores : undefined
}

/** Pins a process with all its threads. @returns false if that does not work */
export function pin(pid: number, cores: string): boolean {
  try {
    execFileSync('taskset', ['-a', '-p', '-c', cores, String(pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export function describeCores(cores: Cores | undefined): string {
  return cores
    ? `The server is pinned to core ${cores.server}, PostgreSQL and the load generator to ${cores.others}.`
    : 'NOT pinned (that needs Linux, taskset and two cores): server, PostgreSQL and the load generator share all cores.'
}

/** From a list such as `0-2,5`. */
function allowedCores(): string[] {
  if (process.platform !== 'linux') return []
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return list.split(',').flatMap(range => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => String(first + i))
  })
}
