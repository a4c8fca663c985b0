import { connect } from 'node:net'
import type { Asked } from './oracle.ts'
import { inspect } from './oracle.ts'

export interface RawAnswer {
  /** 0 if the connection was closed without an answer. */
  status: number
  /** By lower-case name; repeated headers are joined by a line break. */
  headers: Record<string, string>
  body: string
}

/**
 * Sends a request line and header lines exactly as given, one byte per character, which Node.js's client would not
 * do: two Hosts, none at all, bytes that no browser sends. Asks the server to close the connection afterwards.
 * @param body is sent as it is; the caller sets Content-Length or Transfer-Encoding
 */
export function sendRaw(port: number, lines: string[], body: string | Uint8Array = ''): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      socket.write([...lines, 'Connection: close', '', ''].join('\r\n'), 'latin1')
      socket.write(body)
    })
    socket.setTimeout(60_000, () => socket.destroy(new Error(`No answer to ${JSON.stringify(lines)}`)))
    socket.on('data', chunk => chunks.push(chunk))
    // A server that rejects a body may close the connection before it has read everything: an answer before that
    // counts.
    socket.on('error', error => (chunks.length > 0 ? settle() : reject(error)))
    socket.on('close', settle)

    function settle(): void {
      const answer = parseAnswer(Buffer.concat(chunks))
      try {
        inspect(askedBy(port, lines, body), { status: answer.status, text: answer.body, cookies: {} })
        resolve(answer)
      } catch (error) {
        reject(error as Error)
      }
    }
  })
}

function askedBy(port: number, lines: string[], body: string | Uint8Array): Asked {
  const [method = '', path = ''] = lines[0]?.split(' ') ?? []
  const host =
    lines
      .find(line => /^host:/i.test(line))
      ?.slice(5)
      .trim() ?? ''
  return { port, host, method, path, sent: [...lines, Buffer.from(body as string).toString()].join('\n') }
}

export function parseAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    const value = line.slice(line.indexOf(':') + 1).trim()
    headers[name] = name in headers ? `${headers[name]}\n${value}` : value
  }
  const rest = bytes.subarray(end + 4)
  const body = headers['transfer-encoding'] === 'chunked' ? joinChunks(rest) : rest
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: body.toString() }
}

function joinChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
