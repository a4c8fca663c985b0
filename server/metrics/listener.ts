import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'

/**
 * Serves the metrics on a port of their own, which is not for the public.
 * @param read the metrics of all processes of this server, as text
 * @returns the server, when it is open; it does not keep the process running
 */
export async function serveMetrics(
  { host, port }: { host: string; port: number },
  read: () => Promise<{ type: string; text: string }>,
): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    read().then(
      ({ type, text }) => response.writeHead(200, { 'content-type': type }).end(text),
      () => response.writeHead(503).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  server.unref()
  return server
}

export function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`
}
