import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** One exported span, with its resource's attributes. */
export interface ExportedSpan {
  trace: string
  id: string
  /** Empty for the first span of a trace. */
  parent: string
  name: string
  attributes: Record<string, unknown>
  isError: boolean
  resource: Record<string, unknown>
}

/** A collector of traces on loopback, for OTLP over HTTP. */
export interface Collector {
  url: string
  spans: ExportedSpan[]
  /** Everything that it was sent, as sent. */
  payloads: Buffer[]
  headers: Record<string, unknown>[]
  /** `hang`: it does not answer. */
  mood: 'answer' | 'hang' | 'refuse'
  stop(): Promise<void>
}

export async function createCollector(): Promise<Collector> {
  const held = new Set<ServerResponse>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (collector.mood === 'hang') return void held.add(response)
    if (collector.mood === 'refuse') return response.writeHead(400).end()
    collector.headers.push({ ...request.headers, path: request.url })
    const payload = Buffer.concat(chunks)
    collector.payloads.push(payload)
    collector.spans.push(...readSpans(payload))
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    payloads: [],
    headers: [],
    mood: 'answer',
    async stop() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return collector
}

/** The numbers are those of the fields in opentelemetry/proto/trace/v1/trace.proto. */
function readSpans(payload: Buffer): ExportedSpan[] {
  return messagesIn(payload, 1).flatMap(ofResource => {
    const resource = attributesIn(messagesIn(ofResource, 1)[0]!, 1)
    return messagesIn(ofResource, 2)
      .flatMap(ofScope => messagesIn(ofScope, 2))
      .map(span => {
        const [trace, id, parent] = [1, 2, 4].map(field => messagesIn(span, field)[0]?.toString('hex') ?? '')
        const status = messagesIn(span, 15)[0] ?? Buffer.of()
        return {
          trace: trace!,
          id: id!,
          parent: parent!,
          name: String(messagesIn(span, 5)[0]),
          attributes: attributesIn(span, 9),
          isError: fieldsIn(status).some(([field, value]) => field === 3 && value === 2n),
          resource,
        }
      })
  })
}

function attributesIn(message: Buffer, field: number): Record<string, unknown> {
  return Object.fromEntries(
    messagesIn(message, field).map(pair => {
      const [, value] = fieldsIn(messagesIn(pair, 2)[0] ?? Buffer.of())[0] ?? []
      return [String(messagesIn(pair, 1)[0]), Buffer.isBuffer(value) ? value.toString() : Number(value)]
    }),
  )
}

function messagesIn(message: Buffer, wanted: number): Buffer[] {
  return fieldsIn(message)
    .filter(([field, value]) => field === wanted && Buffer.isBuffer(value))
    .map(([, value]) => value as Buffer)
}

/** The wire format of Protocol Buffers: numbers as bigint or, with a fraction, as number; everything else as bytes. */
function fieldsIn(message: Buffer): [field: number, value: Buffer | bigint | number][] {
  const fields: [number, Buffer | bigint | number][] = []
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const tag = Number(varint())
    const [field, type] = [tag >> 3, tag & 7]
    if (type === 0) fields.push([field, varint()])
    else if (type === 1) fields.push([field, message.readDoubleLE((at += 8) - 8)])
    else if (type === 5) fields.push([field, BigInt(message.readUInt32LE((at += 4) - 4))])
    else {
      const length = Number(varint())
      fields.push([field, message.subarray(at, (at += length))])
    }
  }
  return fields
}
