import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Mail } from './mails.ts'
import { parseMail } from './mails.ts'
import { freePort } from '../process/server.ts'

/** A mail server on loopback that stores its mails; it implements the part of RFC 5321 that a client needs. */
export interface SmtpServer {
  url: string
  mails: Mail[]
  /** The lines with which clients have introduced themselves. */
  greetings: string[]
  /** Recipients that it rejects as unknown. */
  unknown: Set<string>
  /** While true, it does not answer. */
  isSilent: boolean
  /** The number of next mails at which it closes the connection before it accepts them. */
  hangUps: number
  start(): Promise<void>
  /** Stops as if the machine were gone: connections are closed too. */
  stop(): Promise<void>
}

export async function createSmtpServer(): Promise<SmtpServer> {
  const port = await freePort()
  const mails: Mail[] = []
  const greetings: string[] = []
  const unknown = new Set<string>()
  const sockets = new Set<Socket>()
  let server: Server | undefined

  const smtp: SmtpServer = {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    greetings,
    unknown,
    isSilent: false,
    hangUps: 0,
    async start() {
      server = createServer({ noDelay: true }, serve)
      await new Promise<void>(resolve => server!.listen(port, '127.0.0.1', resolve))
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server!.close(resolve))
    },
  }
  return smtp

  function serve(socket: Socket): void {
    let input = ''
    let inData = false
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    socket.write('220 ready\r\n')
    socket.on('data', async chunk => {
      input += chunk.toString()
      for (;;) {
        const end = inData ? input.indexOf('\r\n.\r\n') : input.indexOf('\r\n')
        if (end < 0) return
        const part = input.slice(0, end)
        input = input.slice(end + (inData ? 5 : 2))
        while (smtp.isSilent) await sleep(20)
        if (inData && smtp.hangUps > 0) {
          smtp.hangUps--
          return socket.destroy()
        }
        if (inData) mails.push(await parseMail(part.replaceAll(/^\.\./gm, '.')))
        inData = !inData && /^DATA$/i.test(part)
        socket.write(inData ? '354 go on\r\n' : `${answer(part)}\r\n`)
      }
    })
  }

  function answer(line: string): string {
    if (/^(?:EHLO|HELO) /i.test(line)) greetings.push(line)
    const recipient = /^RCPT TO:<([^>]*)>/i.exec(line)?.[1]
    return recipient !== undefined && unknown.has(recipient) ? '550 5.1.1 no such mailbox' : '250 ok'
  }
}
