import { oneLine } from './layout.ts'

const longest = 60

/** Words that mail programs turn into links: URLs, host names and mail addresses. */
const linkLike = /\S*(?::\/\/|[\p{L}\p{N}-][.\u3002\uFF0E\uFF61][\p{L}\p{N}-]{2,})\S*/gu

/**
 * A user-supplied name for use in a mail: of limited length, on one line, and without anything that mail programs
 * turn into a link.
 */
export function nameInMail(name: string): string {
  const plain = oneLine(name).replaceAll(linkLike, word => word.replaceAll(/[^\p{L}\p{M}\p{N}'-]+/gu, ' ').trim())
  const letters = [...plain]
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : plain
}
