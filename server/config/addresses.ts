import { BlockList, isIP } from 'node:net'
import { ConfigError } from './error.ts'

/** Parses the addresses and CIDR blocks of TRUSTED_PROXIES. @throws {ConfigError} */
export function parseProxies(list: string): BlockList {
  const proxies = new BlockList()
  const entries = list
    .split(',')
    .map(part => part.trim())
    .filter(Boolean)
  for (const entry of entries) addProxy(proxies, entry)
  return proxies
}

function addProxy(proxies: BlockList, entry: string): void {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  const family = isIP(address)
  const longest = family === 6 ? 128 : 32
  const bits = Number(prefix ?? longest)
  if (!family || bits > longest) throw new ConfigError(`TRUSTED_PROXIES: "${entry}" is not an address or CIDR block`)
  proxies.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4')
}

/** @returns DNS_SERVER as address and port. @throws {ConfigError} */
export function parseDnsServer(server: string | undefined): string | undefined {
  const [, address = '', port = '53'] = /^\[?([0-9a-f.:]+?)\]?(?::(\d{1,5}))?$/i.exec(server ?? '') ?? []
  if (server === undefined) return undefined
  if (!isIP(address) || Number(port) < 1 || Number(port) > 65_535)
    throw new ConfigError('DNS_SERVER: must be an address such as 192.0.2.53, with or without a port')
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}
