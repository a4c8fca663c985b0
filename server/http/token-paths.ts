/** Pages whose URL contains a link's token, which gives access to anyone who has it. */
export function hasToken(path: string): boolean {
  return pattern.test(path)
}

/** @returns a path without its token and query, for the log */
export function withoutToken(path: string): string {
  return path.split('?')[0]!.replace(pattern, '$1…')
}

const pattern = /^(\/(?:auth|invite|support|signup\/confirm)\/).*/
