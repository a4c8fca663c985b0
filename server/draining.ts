import { setTimeout as sleep } from 'node:timers/promises'

let draining = false
const hurry = new AbortController()

/** From now on this process is not ready, so that load balancers send no more requests to it. */
export function beginDraining(): void {
  draining = true
}

export function isDraining(): boolean {
  return draining
}

/** Waits for load balancers to notice that, unless `endDraining` is called. */
export async function untilDrained(seconds: number): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal: hurry.signal }).catch(() => {})
}

/** When the process is told again to end. */
export function endDraining(): void {
  hurry.abort()
}
