/**
 * Where to go after signing in: the given path if it stays on this origin, else `/`.
 *
 * Takes what a query string may hold, so anything at all. Whatever a browser, a proxy or the router could read as
 * another origin is refused, also one layer of percent-encoding down (CWE-601).
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

/** One leading slash, no empty path segment, no backslash (browsers read it as a slash), no control character. */
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
