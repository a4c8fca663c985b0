import { Readable } from 'node:stream'
import type { H3Event } from 'h3'
import { setResponseHeaders } from 'h3'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { csvLines } from '#server/domain/lib/csv.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { resting } from '#server/domain/lib/pacer.ts'
import { requireRuntime } from '#server/runtime.ts'
import { byteOrderMark } from '#shared/csv.ts'

/** Milliseconds within which the whole file must have been downloaded: until then it takes up the tenant's turn. */
const downloadLimit = 600_000

/**
 * Responds with a CSV file, which is streamed while it is read from the database. Before each part of it the caller's
 * right is checked again: where it has ended, or where the client is too slow, the connection is cut.
 * @param name of the file, chosen by us
 * @param batches of rows; an error in the first one is still rendered as an error response
 */
export async function sendCsv(
  event: H3Event,
  authRealm: AuthRealm,
  name: string,
  header: string[],
  batches: AsyncGenerator<Parameters<typeof csvLines>[0]>,
): Promise<Readable> {
  const { pacer, config, log } = requireRuntime().app
  const { res } = event.node
  const rest = pacer.begin()
  const first = await batches.next()
  setResponseHeaders(event, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${name}.csv"`,
    'content-security-policy': `default-src 'none'; sandbox`,
  })
  const file = Readable.from(unstalled(lines()))
  const deadline = setTimeout(() => res.destroy(), downloadLimit)
  file.once('close', () => clearTimeout(deadline))
  // Stops reading when the client has disconnected.
  if (res.destroyed) file.destroy()
  else res.once('close', () => file.destroy())
  return file

  async function* lines() {
    yield byteOrderMark + csvLines([header])
    if (first.done) return
    yield csvLines(first.value)
    try {
      for await (const batch of resting(batches, rest)) {
        await authRealm.recheck?.(authRealm.realm.db)
        yield csvLines(batch)
      }
    } catch (error) {
      // The status has been sent. A file that only ends would look whole.
      log.warn({ event: 'export_aborted', tenant: authRealm.id, name, reason: messageOf(error) })
      res.destroy()
    }
  }

  /** Cuts the connection of a client that does not read on. */
  async function* unstalled(parts: AsyncGenerator<string>) {
    for await (const part of parts) {
      const timer = setTimeout(() => res.destroy(), config.requestLimit * 1_000)
      try {
        yield part
      } finally {
        clearTimeout(timer)
      }
    }
  }
}
