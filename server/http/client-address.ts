import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { BlockList } from 'node:net'

/** @returns the values of a header as sent, one per header line */
export function rawHeaderValues(request: IncomingMessage, name: string): string[] {
  const { rawHeaders } = request
  const values: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === name.length && rawHeaders[i]!.toLowerCase() === name) values.push(rawHeaders[i + 1]!)
  }
  return values
}

/** True when the connection comes from one of our proxies, whose forwarding headers are trusted. */
export function isFromProxy(request: IncomingMessage, proxies: BlockList): boolean {
  return isTrusted(plainAddress(request.socket?.remoteAddress), proxies)
}

/**
 * The client's address: the connection's, or, behind our proxies, the last address in X-Forwarded-For that is not a
 * proxy. Addresses further left are written by the client and prove nothing.
 */
export function clientAddress(request: IncomingMessage, proxies: BlockList): string | null {
  let address = plainAddress(request.socket?.remoteAddress)
  if (!isTrusted(address, proxies)) return address
  const hops = rawHeaderValues(request, 'x-forwarded-for')
    .join(',')
    .split(',')
    .map(hop => plainAddress(hop.trim()))
    .reverse()
  for (const hop of hops) {
    if (!hop) break
    address = hop
    if (!isTrusted(hop, proxies)) break
  }
  return address
}

function isTrusted(address: string | null, proxies: BlockList): boolean {
  return address !== null && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

// A dual-stack socket writes IPv4 addresses as ::ffff:127.0.0.1.
function plainAddress(address: string | undefined): string | null {
  const plain = address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? ''
  return isIP(plain) ? plain : null
}
