/**
 * The path to go to after sign-in: the given one if it stays on this origin, else `/`.
 *
 * Accepts any input, as it comes from the query string. Everything that a browser, a proxy or the router could
 * interpret as another origin is rejected, also after one more percent-decoding (CWE-601).
 */
export function safeRedirect(input: unknown): string {
  if (typeof input !== 'string' || input.length > 2048 || !isPlain(input)) return '/'
  const decoded = decodeTwice(input)
  if (decoded === undefined || !isPlain(decoded)) return '/'
  const url = new URL(input, base)
  const isLoop = url.pathname === '/login' || url.pathname === '/login/'
  return url.origin !== base || isLoop ? '/' : url.pathname + url.search + url.hash
}

const base = 'http://here.invalid'

/** One leading slash, no empty path segment, no backslash (browsers treat it as a slash), no control character. */
function isPlain(path: string): boolean {
  const pathname = path.split(/[?#]/, 1)[0] ?? ''
  return path.startsWith('/') && !pathname.includes('//') && !/[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(path)
}

function decodeTwice(path: string): string | undefined {
  try {
    return decodeURIComponent(decodeURIComponent(path).replaceAll(/%(?![\da-f]{2})/gi, '%25'))
  } catch {
    return undefined
  }
}
