/** Encodings that spreadsheets write, by their WHATWG names. The last four have no mark that tells them apart. */
export const textEncodings = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
  'windows-1250',
  'windows-1251',
  'windows-1256',
] as const
export type TextEncoding = (typeof textEncodings)[number]

export interface DecodedText {
  text: string
  encoding: TextEncoding
  /** False if the encoding is a guess that a person must confirm. */
  isCertain: boolean
}

/** The file is a workbook of a spreadsheet program, and not a text. */
export class NotText extends Error {}

/**
 * Decodes a text file: Unicode by its byte order mark or as valid UTF-8, anything else as Windows-1252.
 * @param encoding as confirmed by a person, for a file that is not Unicode
 * @throws NotText
 */
export function decodeText(bytes: Uint8Array, encoding?: TextEncoding): DecodedText {
  if (isWorkbook(bytes)) throw new NotText()
  const unicode = unicodeOf(bytes)
  if (unicode) return { text: decode(bytes, unicode), encoding: unicode, isCertain: true }
  const guess = encoding ?? 'windows-1252'
  return { text: decode(bytes, guess), encoding: guess, isCertain: encoding !== undefined }
}

function unicodeOf(bytes: Uint8Array): TextEncoding | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return 'utf-8'
  } catch {
    return undefined
  }
}

// The decoder removes the byte order mark.
function decode(bytes: Uint8Array, encoding: TextEncoding): string {
  return new TextDecoder(encoding).decode(bytes)
}

/** XLSX and ODS are ZIP files, XLS is an OLE container. */
function isWorkbook(bytes: Uint8Array): boolean {
  return [
    [0x50, 0x4b, 0x03, 0x04],
    [0xd0, 0xcf, 0x11, 0xe0],
  ].some(signature => signature.every((byte, at) => bytes[at] === byte))
}
