import { isIPv6 } from 'node:net'

/**
 * The network as which limits count an address. An IPv6 address is counted by network, because one customer has a whole
 * network. An IPv4 address is counted as it is, also if it is written as IPv6 (RFC 4291, 2.5.5.2).
 * @param prefix the length of an IPv6 network in bits
 */
export function networkOf(ip: string | null, prefix: number): string | null {
  if (ip === null || !isIPv6(ip)) return ip
  const groups = groupsOf(ip)
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff) return dotted(groups[6]!, groups[7]!)
  const kept = groups.slice(0, Math.ceil(prefix / 16)).map((group, index) => group & maskOf(prefix - 16 * index))
  return `${kept.map(group => group.toString(16)).join(':')}::/${prefix}`
}

/** The eight numbers of an IPv6 address, in any notation. */
function groupsOf(ip: string): number[] {
  const [address = ''] = ip.split('%')
  const [head = '', tail = ''] = address.replace(/\d+\.\d+\.\d+\.\d+$/, inGroups).split('::')
  const [left, right] = [head, tail].map(part =>
    part
      .split(':')
      .filter(Boolean)
      .map(group => Number.parseInt(group, 16)),
  )
  return [...left!, ...Array<number>(8 - left!.length - right!.length).fill(0), ...right!]
}

function inGroups(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The first bits of a group of 16. */
function maskOf(bits: number): number {
  return bits >= 16 ? 0xffff : (0xffff << (16 - bits)) & 0xffff
}

/** @returns the network that an address is counted as */
export type From = (ip: string | null) => string | null
