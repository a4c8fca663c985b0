import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkOf } from '#server/domain/sessions/client-network.ts'

describe('what limits count an address as', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['::FFFF:c633:6407', '198.51.100.7'],
    ['0:0:0:0:0:ffff:c633:6407', '198.51.100.7'],
    ['::ffff:0.0.0.0', '0.0.0.0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::198.51.100.7', '64:ff9b:0:0::/64'],
    ['::198.51.100.7', '0:0:0:0::/64'],
    ['::fffe:c633:6407', '0:0:0:0::/64'],
  ])('%s is %s', (ip, network) => {
    expect(networkOf(ip, 64)).toBe(network)
  })

  it('is nothing where there is none', () => {
    expect(networkOf(null, 64)).toBeNull()
  })

  it.each([
    [32, '2001:db8::/32'],
    [48, '2001:db8:ffff::/48'],
    [56, '2001:db8:ffff:ff00::/56'],
    [60, '2001:db8:ffff:fff0::/60'],
    [64, '2001:db8:ffff:ffff::/64'],
    [65, '2001:db8:ffff:ffff:8000::/65'],
    [128, '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff::/128'],
  ])('has a prefix of %i bits where that is set', (prefix, network) => {
    expect(networkOf('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', prefix)).toBe(network)
  })

  it('is the same for two addresses if and only if they have the prefix in common', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 32, max: 128 }), fc.integer({ min: 0, max: 127 }), (ip, prefix, bit) => {
        const other = flipped(ip, bit)
        if (isMapped(bitsOf(ip)) || isMapped(bitsOf(other))) return
        expect(networkOf(ip, prefix) === networkOf(other, prefix)).toBe(bit >= prefix)
      }),
    )
  })

  it('is every IPv4 address by itself, however it is written', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 32, max: 128 }), (ip, prefix) => {
        expect(networkOf(ip, prefix)).toBe(ip)
        expect(networkOf(`::ffff:${ip}`, prefix)).toBe(ip)
        expect(networkOf(new URL(`http://[::ffff:${ip}]/`).hostname.slice(1, -1), prefix)).toBe(ip)
      }),
    )
  })
})

/** An address in the notation of browsers, as a number. */
function bitsOf(ip: string): bigint {
  const [head = '', tail] = new URL(`http://[${ip}]/`).hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail ?? ''].map(part => part.split(':').filter(Boolean))
  const groups = [...left!, ...Array(8 - left!.length - right!.length).fill('0'), ...right!]
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}

/** The address with one bit inverted, counted from the left. */
function flipped(ip: string, bit: number): string {
  const bits = bitsOf(ip) ^ (1n << BigInt(127 - bit))
  return bits.toString(16).padStart(32, '0').match(/.{4}/g)!.join(':')
}

function isMapped(bits: bigint): boolean {
  return bits >> 32n === 0xffffn
}
