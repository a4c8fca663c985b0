import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

export interface DeafProxy {
  /** The database's URL through the proxy. */
  url: string
  /** Whether notifications pass; everything else always does. */
  hears: boolean
  close(): Promise<void>
}

/** A proxy that drops notifications, as some poolers do. */
export async function createDeafProxy(databaseUrl: string): Promise<DeafProxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  // Otherwise each statement waits for a delayed acknowledgement.
  const noDelay = true
  const server = createServer({ noDelay }, client => {
    const database = connect({ port: Number(target.port), host: target.hostname, noDelay })
    const drop = withoutNotifications(
      bytes => client.write(bytes),
      () => !proxy.hears,
    )
    client.on('data', bytes => database.write(bytes))
    database.on('data', drop)
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket)
          other.destroy()
        })
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = Object.assign(new URL(databaseUrl), { port: (server.address() as AddressInfo).port })
  const proxy: DeafProxy = {
    url: url.href,
    hears: true,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
  return proxy
}

// PostgreSQL's protocol: each message of the server is a letter and a length that includes itself; A is a
// notification.
function withoutNotifications(pass: (bytes: Buffer) => void, isDeaf: () => boolean): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  return bytes => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const end = 1 + rest.readUInt32BE(1)
      if (rest[0] !== 'A'.charCodeAt(0) || !isDeaf()) pass(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  }
}
