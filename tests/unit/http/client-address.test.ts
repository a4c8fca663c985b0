import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientAddress, isFromProxy, noteForwarder, rawHeaderValues } from '#server/http/client-address.ts'
import { testConfig } from '../../support/config.ts'

/** The part of a request that is read. */
function requestFrom(remoteAddress: string | undefined, ...forwarded: string[]): IncomingMessage {
  return {
    socket: { remoteAddress },
    rawHeaders: ['Host', 'acme.localhost', ...forwarded.flatMap(value => ['X-Forwarded-For', value])],
  } as unknown as IncomingMessage
}

const none = testConfig().trustedProxies
const ours = testConfig({ TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8, 2001:db8::/32' }).trustedProxies

describe("a client's address", () => {
  it.each<[string, string | undefined, string[], string | null]>([
    ["the connection's", '127.0.0.1', ['198.51.100.7'], '127.0.0.1'],
    ["the connection's, in plain IPv4", '::ffff:198.51.100.7', [], '198.51.100.7'],
    ["the connection's, in IPv6", '2001:db8::1', ['198.51.100.7'], '2001:db8::1'],
    ['nothing where there is no connection', undefined, ['198.51.100.7'], null],
  ])('is %s while no proxy is trusted', (_what, remote, forwarded, address) => {
    expect(clientAddress(requestFrom(remote, ...forwarded), none)).toBe(address)
  })

  it.each<[string, string, string[], string]>([
    ['the last that is forwarded', '127.0.0.1', ['203.0.113.9, 198.51.100.7'], '198.51.100.7'],
    ['before our own proxies', '10.1.2.3', ['203.0.113.9, 198.51.100.7, 10.9.9.9, 2001:db8::5'], '198.51.100.7'],
    ['over several headers', '127.0.0.1', ['203.0.113.9', '198.51.100.7', '10.0.0.1'], '198.51.100.7'],
    ["a proxy's when there are only proxies", '127.0.0.1', ['10.0.0.2, 10.0.0.1'], '10.0.0.2'],
    ['the last that can be read', '127.0.0.1', ['198.51.100.7, unknown, 10.0.0.1'], '10.0.0.1'],
    ["the connection's when nothing can be read", '127.0.0.1', ['198.51.100.7:1234'], '127.0.0.1'],
    ["the connection's when none is forwarded", '127.0.0.1', [], '127.0.0.1'],
    ["the connection's when it is no proxy of ours", '192.0.2.1', ['198.51.100.7'], '192.0.2.1'],
    ['of a proxy that comes by IPv4 in IPv6', '::ffff:127.0.0.1', ['198.51.100.7'], '198.51.100.7'],
  ])('is %s behind proxies that are', (_what, remote, forwarded, address) => {
    expect(clientAddress(requestFrom(remote, ...forwarded), ours)).toBe(address)
  })

  it('is never what the client itself has put to the left', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), claim => {
        expect(clientAddress(requestFrom('127.0.0.1', `${claim}, 198.51.100.7, 10.0.0.1`), ours)).toBe('198.51.100.7')
      }),
    )
  })
})

describe('a proxy', () => {
  it('is known by the connection alone', () => {
    expect(isFromProxy(requestFrom('10.255.0.1'), ours)).toBe(true)
    expect(isFromProxy(requestFrom('11.0.0.1', '10.0.0.1'), ours)).toBe(false)
    expect(isFromProxy(requestFrom(undefined), ours)).toBe(false)
    expect(isFromProxy(requestFrom('127.0.0.1'), none)).toBe(false)
  })
})

describe('a header', () => {
  it('is read line by line in any case, and no other with it', () => {
    const request = {
      rawHeaders: ['HOST', 'a', 'host', 'b', 'hosts', 'c', 'X-Host', 'd', 'Hos\u017F', 'e', 'x', 'host'],
    } as unknown as IncomingMessage
    expect(rawHeaderValues(request, 'host')).toEqual(['a', 'b'])
  })
})

describe('an X-Forwarded-For that is ignored', () => {
  const note = (
    remote: string | undefined,
    headers: Record<string, string> = { 'x-forwarded-for': '198.51.100.7' },
  ) => {
    const lines: object[] = []
    const ignoredForwarders = new Set<string>()
    const app = {
      config: testConfig({ TRUSTED_PROXIES: '10.0.0.1' }),
      ignoredForwarders,
      log: { warn: (line: object) => lines.push(line) } as never,
    }
    for (let i = 0; i < 2; i++) noteForwarder({ socket: { remoteAddress: remote }, headers } as never, app)
    return { addresses: [...ignoredForwarders], lines }
  }

  it.each(['10.0.0.2', '172.31.0.9', '192.168.1.1', '127.0.0.1', '100.64.0.1', '::1', 'fd00::2'])(
    'is remembered and logged once, if it came from the private address %s',
    address => {
      const lines = [{ event: 'forwarded_header_ignored', ip: address }]
      expect(note(address)).toEqual({ addresses: [address], lines })
    },
  )

  it.each(['10.0.0.1', '203.0.113.9', '2001:db8::1', undefined])('is not, if it came from %s', address => {
    expect(note(address)).toEqual({ addresses: [], lines: [] })
  })

  it('is not, if there is none', () => {
    expect(note('10.0.0.2', {})).toEqual({ addresses: [], lines: [] })
  })
})
