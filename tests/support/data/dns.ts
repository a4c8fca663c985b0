import { createSocket } from 'node:dgram'

/** A DNS server on loopback with TXT records and a list of the queries. */
export interface DnsServer {
  /** In the format of the setting DNS_SERVER. */
  address: string
  /** By name; unknown names are answered NXDOMAIN. */
  records: Map<string, string[]>
  /** While true, every answer is SERVFAIL. */
  isBroken: boolean
  close(): Promise<void>
}

export async function createDnsServer(): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const server: DnsServer = {
    address: '',
    records: new Map(),
    isBroken: false,
    close: () => new Promise(resolve => socket.close(resolve)),
  }
  socket.on('message', (query, { port, address }) => socket.send(answerTo(query, server), port, address))
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  server.address = `127.0.0.1:${socket.address().port}`
  return server
}

// RFC 1035, 4.1: the header, the question as received, and the answers, whose name points to the question's.
function answerTo(query: Buffer, { records, isBroken }: DnsServer): Buffer {
  const labels: string[] = []
  let end = 12
  while (query[end]) {
    labels.push(query.toString('latin1', end + 1, end + 1 + query[end]!))
    end += 1 + query[end]!
  }
  const question = query.subarray(12, end + 5)
  const texts = records.get(labels.join('.').toLowerCase())
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  const code = texts ? 0 : 3
  header.writeUInt16BE(0x8180 | (isBroken ? 2 : code), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(isBroken ? 0 : (texts?.length ?? 0), 6)
  return Buffer.concat([header, question, ...(isBroken ? [] : (texts ?? []).map(txtRecord))])
}

function txtRecord(text: string): Buffer {
  const pieces = text.match(/[^]{1,255}/g) ?? ['']
  const data = Buffer.concat(
    pieces.map(piece => Buffer.concat([Buffer.from([piece.length]), Buffer.from(piece, 'latin1')])),
  )
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(16, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}
