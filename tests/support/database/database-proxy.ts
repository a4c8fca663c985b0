import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** A proxy between a program and its database. */
export interface DatabaseProxy {
  url: string
  /** Forwards the COMMIT of the next transaction that contains this word, and cuts its connection before the answer. */
  loseCommitAfter(word: string): void
  /** Keeps the next statement that contains this word from the database. @returns when it has arrived */
  withhold(word: string): Promise<void>
  /** How many statements the program has sent. */
  statements(): number
  close(): void
}

export async function createDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const url = new URL(databaseUrl)
  // Otherwise each statement waits for a delayed acknowledgement.
  const noDelay = true
  const target = { host: url.hostname, port: Number(url.port), noDelay }
  let awaited: string | undefined
  let withheld: { word: string; arrive: () => void } | undefined
  let statements = 0
  const sockets = new Set<Socket>()
  const server: Server = createServer({ noDelay }, client => {
    const database = connect(target)
    let isMarked = false
    const countIn = createCounter(() => statements++)
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => other.destroy())
    }
    client.on('data', bytes => {
      countIn(bytes)
      if (withheld && bytes.includes(withheld.word)) {
        withheld.arrive()
        withheld = undefined
        return
      }
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
    withhold: word =>
      new Promise(resolve => {
        withheld = { word, arrive: resolve }
      }),
    statements: () => statements,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Calls back for each Execute message. PostgreSQL's messages begin with a letter and their length. */
function createCounter(onExecute: () => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  let hasBegun = false
  return bytes => {
    rest = Buffer.concat([rest, bytes])
    // The first message has no letter.
    for (let start = hasBegun ? 1 : 0; rest.length >= start + 4; start = 1) {
      const end = start + rest.readInt32BE(start)
      if (rest.length < end) return
      if (hasBegun && rest[0] === 'E'.charCodeAt(0)) onExecute()
      hasBegun = true
      rest = rest.subarray(end)
    }
  }
}
