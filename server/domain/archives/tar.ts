/**
 * POSIX ustar (IEEE Std 1003.1, pax, "ustar Interchange Format") with regular files only: for writing, and for
 * comparing with what is read.
 */

export const blockSize = 512
/** Two blocks of zeros end a tar. */
export const tarEnd = Buffer.alloc(2 * blockSize)

/**
 * @param path at most 100 ASCII characters
 * @param size below 8 GB
 */
export function tarHeader(path: string, size: number, modified: Date): Buffer {
  if (!/^[\x21-\x7E]{1,100}$/.test(path) || size >= 8 ** 11) throw new Error(`Not an entry for a tar: ${path}`)
  const header = Buffer.alloc(blockSize)
  header.write(path, 0)
  header.write(octal(0o600, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(Math.floor(modified.getTime() / 1000), 12), 136)
  // The checksum is computed with spaces in its own place.
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  )
  return header
}

/** @returns the size in a header */
export function sizeIn(header: Buffer): number {
  return Number.parseInt(header.toString('latin1', 124, 135), 8)
}

/** The number of zero bytes between an entry and the next block. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`
}
