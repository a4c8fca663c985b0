import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** A proxy between a program and its database. */
export interface DatabaseProxy {
  url: string
  /** Forwards the COMMIT of the next transaction that contains this word, and cuts its connection before the answer. */
  loseCommitAfter(word: string): void
  close(): void
}

export async function createDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const url = new URL(databaseUrl)
  const target = { host: url.hostname, port: Number(url.port) }
  let awaited: string | undefined
  const sockets = new Set<Socket>()
  const server: Server = createServer(client => {
    const database = connect(target)
    let isMarked = false
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => other.destroy())
    }
    client.on('data', bytes => {
      if (awaited !== undefined && bytes.includes(awaited)) {
        awaited = undefined
        isMarked = true
      }
      database.write(bytes)
    })
    // When this answer arrives, the transaction has been committed.
    database.on('data', bytes => (isMarked && bytes.includes('COMMIT') ? client.destroy() : client.write(bytes)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return {
    url: url.href,
    loseCommitAfter(word) {
      awaited = word
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
