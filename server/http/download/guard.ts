import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { H3Event } from 'h3'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { requireRuntime } from '#server/runtime.ts'

/**
 * Sends the parts of a file for as long as the caller may read it. Their right is checked before each part. If it has
 * ended, reading fails, or the client does not read on, the connection is closed: the status was already sent, and a
 * file that only ends would look complete.
 * @param name of the file, for the log
 */
export function guardDownload(
  event: H3Event,
  authRealm: AuthRealm,
  name: string,
  parts: AsyncIterable<string | Buffer>,
): Readable {
  const { res } = event.node
  const file = Readable.from(guarded(res, authRealm, name, parts))
  // h3 does not stop reading when the client has disconnected.
  if (res.destroyed) file.destroy()
  else res.once('close', () => file.destroy())
  return file
}

async function* guarded(
  res: ServerResponse,
  { id, realm, recheck }: AuthRealm,
  name: string,
  parts: AsyncIterable<string | Buffer>,
) {
  const { config, log } = requireRuntime().app
  try {
    for await (const part of parts) {
      await recheck?.(realm.db)
      const timer = setTimeout(() => res.destroy(), config.requestLimit * 1_000)
      try {
        yield part
      } finally {
        clearTimeout(timer)
      }
    }
  } catch (error) {
    log.warn({ event: 'download_aborted', tenant: id, name, reason: messageOf(error) })
    res.destroy()
  }
}
