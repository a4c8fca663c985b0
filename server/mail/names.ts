import { oneLine } from './layout.ts'

const longest = 60

/** A word with something in it that mail programs make a link of by themselves: an address of the web or of mail. */
const linkLike = /\S*(?::\/\/|[\p{L}\p{N}-][.\u3002\uFF0E\uFF61][\p{L}\p{N}-]{2,})\S*/gu

/**
 * A name that somebody gave, as it stands in a mail: bounded, on one line, and with nothing in it that would be a
 * link.
 */
export function nameInMail(name: string): string {
  const plain = oneLine(name).replaceAll(linkLike, word => word.replaceAll(/[^\p{L}\p{M}\p{N}'-]+/gu, ' ').trim())
  const letters = [...plain]
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : plain
}
