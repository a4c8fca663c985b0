import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './http.ts'
import { waitLimit } from './process/wait-limit.ts'

/** Repeats a request that is answered 503, as clients do: on a machine with more work than it can do, any may be. */
export async function unlessBusy(send: () => Promise<Answer>): Promise<Answer> {
  const end = Date.now() + waitLimit.timeout
  let answer = await send()
  while (answer.status === 503 && Date.now() < end) {
    await sleep(500)
    answer = await send()
  }
  return answer
}
