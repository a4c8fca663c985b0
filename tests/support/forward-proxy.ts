import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/**
 * An HTTP proxy that forwards everything to one port, so that any program reaches a test's hosts by their names: not
 * every system resolves them.
 */
export async function createForwardProxy(port: number): Promise<{ url: string; close(): void }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(client => {
    const target = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => other.destroy())
    }
    client.once('data', head => {
      if (head.toString('latin1').startsWith('CONNECT ')) client.write('HTTP/1.1 200 Connected\r\n\r\n')
      // The server takes paths, as any but a proxy gets them.
      else target.write(head.toString('latin1').replace(/^(\w+) http:\/\/[^/]+/, '$1 '), 'latin1')
      client.pipe(target)
    })
    target.pipe(client)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
