import type { RequestListener } from 'node:http'
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
  const compress = compression({ threshold, filter: (req, res) => mayCompress(req) && compression.filter(req, res) })
  return (req, res) => compress(req as never, res as never, () => void listener(req, res))
}

function mayCompress({ url = '', headers }: Parameters<RequestListener>[0]): boolean {
  if (/^\/api\/v1\/auth\/(?:jwt|session)(?:[/?]|$)/.test(url)) return false
  const site = headers['sec-fetch-site']
  return site === undefined ? headers.cookie === undefined : site === 'same-origin' || site === 'none'
}
