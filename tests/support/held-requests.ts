import { connect } from 'node:net'
import type { RawAnswer } from './raw-http.ts'
import { parseAnswer } from './raw-http.ts'

/** A request whose head and half of whose body the server has received. */
export interface HeldRequest {
  /** @returns an answer that comes before the rest is sent */
  answered(): Promise<RawAnswer>
  /**
   * Sends the rest.
   * @returns the answer, also one that came before
   */
  finish(): Promise<RawAnswer>
}

const goOn = 'HTTP/1.1 100 Continue\r\n\r\n'

/** Sends the head, waits until the server has received it, and sends the first half of the body. */
export async function holdRequest(port: number, lines: string[], body: string | Buffer): Promise<HeldRequest> {
  const bytes = Buffer.from(body as string)
  const middle = Math.floor(bytes.length / 2)
  const chunks: Buffer[] = []
  const socket = connect(port, '127.0.0.1')
  const begun = Promise.withResolvers<unknown>()
  const closed = new Promise(resolve => socket.on('close', resolve))
  socket.setTimeout(60_000, () => socket.destroy())
  socket.on('data', chunk => {
    chunks.push(chunk)
    begun.resolve(true)
  })
  // A server that rejects a request early may close the connection while the rest is sent: its answer counts.
  socket.on('error', () => {})
  const more = [`Content-Length: ${bytes.length}`, 'Expect: 100-continue', 'Connection: close', '', '']
  socket.write([...lines, ...more].join('\r\n'), 'latin1')
  await Promise.race([begun.promise, closed])
  socket.write(bytes.subarray(0, middle))
  return { answered, finish }

  async function answered(): Promise<RawAnswer> {
    await closed
    const answer = Buffer.concat(chunks)
    return parseAnswer(answer.subarray(answer.indexOf(goOn) === 0 ? goOn.length : 0))
  }

  function finish(): Promise<RawAnswer> {
    socket.write(bytes.subarray(middle))
    return answered()
  }
}
