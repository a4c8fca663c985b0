/** The floor without any framework: node:http alone. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import type { FloorAnswer } from './handlers.ts'
import { list, me, ready, refresh } from './handlers.ts'

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  answer(request).then(
    ({ status, body }) => send(response, status, body),
    (error: unknown) => send(response, 500, { detail: String(error) }),
  )
})
server.listen(Number(process.env.PORT), '127.0.0.1')

async function answer(request: IncomingMessage): Promise<FloorAnswer> {
  const { host, authorization } = request.headers
  const [path, query = ''] = request.url!.split('?')
  if (path === '/me') return me(host, authorization)
  if (path === '/refresh') return refresh(host, (await json(request)) as { refresh?: unknown })
  if (path === '/healthz') return { status: 200, body: { status: 'ok' } }
  if (path === '/readyz') return ready()
  if (path !== '/list') return { status: 404, body: { detail: 'Not found.' } }
  const given = new URLSearchParams(query)
  return list(host, authorization, { search: given.get('search') ?? '', page: Number(given.get('page') ?? 1) })
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
