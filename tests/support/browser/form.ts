export interface Part {
  name?: string
  filename?: string
  type?: string
  content: string | Uint8Array
  /** Replaces the headers that the other fields create. */
  head?: string
}

/**
 * Builds a form as a browser does, or a malformed one.
 * @returns its body and content type
 */
export function formOf(
  parts: Part[],
  boundary = 'a-boundary-of-ours',
): { body: Buffer; headers: { 'content-type': string } } {
  const pieces = parts.flatMap(part => [
    Buffer.from(`--${boundary}\r\n${part.head ?? headOf(part)}\r\n\r\n`, 'latin1'),
    Buffer.from(part.content as Uint8Array),
    Buffer.from('\r\n'),
  ])
  return {
    body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  }
}

function headOf({ name = 'photo', filename = 'me.png', type = 'image/png' }: Part): string {
  return `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}`
}
