import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import compression from 'compression'

/** In bytes: a smaller answer is one packet anyway. */
const threshold = 1_024

/**
 * Compresses pages, JSON and CSV files. Built files are compressed already.
 *
 * The size of a compressed answer can reveal a secret in it to another site that makes a browser send many requests
 * with guesses (BREACH). So answers to requests from other sites, sibling tenants among them, are not compressed, and
 * neither are those that contain tokens.
 */
export function compressed(listener: RequestListener): RequestListener {
  const compress = compression({ threshold })
  return (req, res) => {
    if (!mayCompress(req)) return listener(req, res)
    compress(req as never, res as never, () => {
      keepLength(res)
      void listener(req, res)
    })
  }
}

function mayCompress({ url = '', headers }: IncomingMessage): boolean {
  if (!/\b(?:gzip|br)\b/.test(String(headers['accept-encoding'] ?? ''))) return false
  if (/^\/api\/v1\/auth\/(?:jwt|session)(?:[/?]|$)/.test(url)) return false
  const site = headers['sec-fetch-site']
  return site === undefined ? headers.cookie === undefined : site === 'same-origin' || site === 'none'
}

// The library decides by the length whether to compress. Without it, it would send a short answer in chunks.
function keepLength(res: ServerResponse): void {
  const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse
  res.end = ((chunk?: unknown, ...rest: unknown[]) => {
    const isWhole = typeof chunk === 'string' || chunk instanceof Uint8Array
    if (isWhole && !res.headersSent && !res.hasHeader('content-length'))
      res.setHeader('content-length', Buffer.byteLength(chunk))
    return end(chunk, ...rest)
  }) as typeof res.end
}
