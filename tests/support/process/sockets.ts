import { readFile } from 'node:fs/promises'

/** A connection of a server. */
export interface ServerSocket {
  /** The client's port. */
  peer: number
  /** Bytes that have arrived and that the server has not read. */
  unread: number
}

const established = '01'
const closeWait = '08'

/** The connections of a local server, as Linux reports them for its port. */
export async function socketsOf(serverPort: number): Promise<ServerSocket[]> {
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1).filter(Boolean)
  return lines.flatMap(line => {
    const [, local = '', remote = '', state, queues = ''] = line.trim().split(/\s+/)
    if (portOf(local) !== serverPort || (state !== established && state !== closeWait)) return []
    return [{ peer: portOf(remote), unread: Number.parseInt(queues.split(':')[1]!, 16) }]
  })
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1]!, 16)
}
