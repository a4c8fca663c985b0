import { Readable } from 'node:stream'
import type { H3Event } from 'h3'
import { setResponseHeaders } from 'h3'
import { csvLines } from '#server/domain/lib/csv.ts'
import { resting } from '#server/domain/lib/pacer.ts'
import { requireRuntime } from '#server/runtime.ts'
import { byteOrderMark } from '#shared/csv.ts'

/**
 * Answers with a CSV file, which is sent while it is still being read from the database.
 * @param name of the file, ours
 * @param batches rows as they come; what is wrong with the first of them is still answered as an error
 */
export async function sendCsv(
  event: H3Event,
  name: string,
  header: string[],
  batches: AsyncGenerator<Parameters<typeof csvLines>[0]>,
): Promise<Readable> {
  const rest = requireRuntime().app.pacer.begin()
  const first = await batches.next()
  setResponseHeaders(event, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${name}.csv"`,
    'content-security-policy': `default-src 'none'; sandbox`,
  })
  const file = Readable.from(lines())
  // Nobody reads on for someone who has gone.
  event.node.res.once('close', () => file.destroy())
  return file

  async function* lines() {
    yield byteOrderMark + csvLines([header])
    if (first.done) return
    yield csvLines(first.value)
    for await (const batch of resting(batches, rest)) yield csvLines(batch)
  }
}
