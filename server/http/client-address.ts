import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { App } from '#server/domain/context.ts'

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

const privateNetworks = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv6')

const forwardersLimit = 20

/**
 * Remembers and logs once where an X-Forwarded-For came from that is ignored, if it was a private address: from there
 * it is a proxy's that TRUSTED_PROXIES lacks. On the internet anybody sends one.
 */
export function noteForwarder(
  request: IncomingMessage,
  { config, ignoredForwarders, log }: Pick<App, 'config' | 'ignoredForwarders' | 'log'>,
): void {
  if (request.headers['x-forwarded-for'] === undefined || ignoredForwarders.size >= forwardersLimit) return
  const address = plainAddress(request.socket?.remoteAddress)
  if (address === null || ignoredForwarders.has(address)) return
  if (isTrusted(address, config.trustedProxies) || !isTrusted(address, privateNetworks)) return
  ignoredForwarders.add(address)
  log.warn({ event: 'forwarded_header_ignored', ip: address })
}

function isTrusted(address: string | null, proxies: BlockList): boolean {
  return address !== null && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

// A dual-stack socket writes IPv4 addresses as ::ffff:127.0.0.1.
function plainAddress(address: string | undefined): string | null {
  const plain = address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? ''
  return isIP(plain) ? plain : null
}
