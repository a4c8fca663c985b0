/** Pages whose address has a link's token: whoever has the address is let in. */
export function hasToken(path: string): boolean {
  return pattern.test(path)
}

/** @returns a path as it may stand in the log */
export function withoutToken(path: string): string {
  return path.split('?')[0]!.replace(pattern, '$1…')
}

const pattern = /^(\/(?:auth|invite|support|signup\/confirm)\/).*/
