/** How often a call is sent at most, and for how many milliseconds it waits at most before it is sent again. */
export interface Retries {
  attempts: number
  longestWait: number
}

const usual: Retries = { attempts: 3, longestWait: 10_000 }

/**
 * Sends a request, and again where that is safe: one that only reads or has an Idempotency-Key, after a lost
 * connection or a refusal that will pass. It waits as long as the server says, or a little longer each time.
 */
export async function sendSafely(
  request: Request,
  send: (request: Request) => Promise<Response>,
  { attempts, longestWait }: Retries = usual,
): Promise<Response> {
  const isSafe = request.method === 'GET' || request.method === 'HEAD' || request.headers.has('idempotency-key')
  for (let attempt = 1; ; attempt++) {
    const isLast = !isSafe || attempt >= attempts
    const outcome = await send(request.clone()).catch((error: unknown) => {
      if (isLast || request.signal.aborted) throw error
      return undefined
    })
    if (outcome && (isLast || !willPass(outcome))) return outcome
    const wait = waitOf(outcome, attempt)
    if (outcome && wait > longestWait) return outcome
    await new Promise(resolve => setTimeout(resolve, Math.min(wait, longestWait)))
  }
}

function willPass({ status, headers }: Response): boolean {
  return status === 503 || (status === 409 && headers.has('retry-after'))
}

function waitOf(response: Response | undefined, attempt: number): number {
  const seconds = Number(response?.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? seconds * 1_000 : 200 * 2 ** attempt
}
