import parseAddresses from 'nodemailer/lib/addressparser'

/**
 * Finds the addresses in a text that people paste: one per line, separated by blanks, commas or semicolons, as mail
 * programs copy them (`Pat Five <pat@example.org>; …`, RFC 5322), or as a `mailto:` link.
 * @returns the addresses as they are in the text, which may not be valid
 */
export function addressesIn(text: string): string[] {
  return text.split(/[\r\n]+/).flatMap(line => addressesOfLine(line.trim()))
}

function addressesOfLine(line: string): string[] {
  const link = /^<?mailto:([^?>]*)/i.exec(line)
  if (link) return addressesOfLine(unescaped(link[1]!))
  // Without names, blanks are between addresses.
  if (!/[<"]/.test(line)) return line.split(/[\s,;]+/).filter(Boolean)
  return parseAddresses(line, { flatten: true }).map(({ address, name }) => address || name)
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
