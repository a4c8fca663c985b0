import type { Readable } from 'node:stream'
import type { H3Event } from 'h3'
import { setResponseHeaders } from 'h3'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { csvLines } from '#server/domain/lib/csv.ts'
import { resting } from '#server/domain/lib/pacer.ts'
import { requireRuntime } from '#server/runtime.ts'
import { byteOrderMark } from '#shared/table/csv.ts'
import { guardDownload } from './guard.ts'

/** Milliseconds for the whole download; until then it occupies the tenant's turn. */
const downloadLimit = 600_000

/**
 * Responds with a CSV file, which is streamed while it is read from the database.
 * @param name of the file, chosen by us
 * @param batches of rows; an error in the first one is still rendered as an error response
 */
export async function sendCsv(
  event: H3Event,
  authRealm: AuthRealm,
  name: string,
  header: string[],
  batches: AsyncGenerator<Batch>,
): Promise<Readable> {
  const first = await batches.next()
  setResponseHeaders(event, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${name}.csv"`,
    'content-security-policy': `default-src 'none'; frame-ancestors 'none'; sandbox`,
  })
  const file = guardDownload(event, authRealm, `${name}.csv`, linesOf(header, first, batches))
  const deadline = setTimeout(() => event.node.res.destroy(), downloadLimit)
  file.once('close', () => clearTimeout(deadline))
  return file
}

type Batch = Parameters<typeof csvLines>[0]

async function* linesOf(header: string[], first: IteratorResult<Batch>, batches: AsyncGenerator<Batch>) {
  yield byteOrderMark + csvLines([header])
  if (first.done) return
  yield csvLines(first.value)
  for await (const batch of resting(batches, requireRuntime().app.pacer.begin())) yield csvLines(batch)
}
