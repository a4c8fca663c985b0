import { isIPv6 } from 'node:net'

/**
 * What limits count an address as. Whoever has one address of IPv6 has a whole network of them, so that is counted as
 * one; IPv4 is itself, also where it is written as IPv6 (RFC 4291, 2.5.5.2).
 * @param prefix how many bits of IPv6 are the network
 */
export function networkOf(ip: string | null, prefix: number): string | null {
  if (ip === null || !isIPv6(ip)) return ip
  const groups = groupsOf(ip)
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff) return dotted(groups[6]!, groups[7]!)
  const kept = groups.slice(0, Math.ceil(prefix / 16)).map((group, index) => group & maskOf(prefix - 16 * index))
  return `${kept.map(group => group.toString(16)).join(':')}::/${prefix}`
}

/** The eight numbers of an address of IPv6, in whichever way it is written. */
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

/** Of a group of 16 bits, the first so many. */
function maskOf(bits: number): number {
  return bits >= 16 ? 0xffff : (0xffff << (16 - bits)) & 0xffff
}
