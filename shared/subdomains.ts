/**
 * The form in which two subdomains must not be equal, because people confuse them: without hyphens, and with characters
 * replaced by similar ones. `ac-me`, `acrne` and `acme` are equal, and `g00gle` and `google`.
 * @param subdomain in lower case
 */
export function skeletonOf(subdomain: string): string {
  const letters = [...subdomain.replaceAll('-', '')].map(letter => similarLetters[letter] ?? letter).join('')
  return similarPairs.reduce((text, [pair, letter]) => text.replaceAll(pair, letter), letters)
}

/** Characters that look like another one, and that one. */
export const similarLetters: Record<string, string> = { 0: 'o', 1: 'l', i: 'l' }

/** Pairs that look like one letter, and that letter. */
export const similarPairs = [
  ['rn', 'm'],
  ['vv', 'w'],
] as const

/** Subdomains that a tenant cannot have: our own, infrastructure's, and those useful for phishing. */
const reserved = [
  'account',
  'accounts',
  'admin',
  'api',
  'app',
  'apps',
  'assets',
  'auth',
  'autodiscover',
  'billing',
  'blog',
  'cdn',
  'console',
  'dashboard',
  'dev',
  'docs',
  'drizzle',
  'find',
  'ftp',
  'help',
  'imap',
  'info',
  'login',
  'localhost',
  'mail',
  'metrics',
  'mx',
  'news',
  'ns',
  'ns1',
  'ns2',
  'ns3',
  'operator',
  'operators',
  'pgboss',
  'platform',
  'pool',
  'pop',
  'postgres',
  'postmaster',
  'public',
  'root',
  'security',
  'shop',
  'signin',
  'signup',
  'site',
  'smtp',
  'sso',
  'static',
  'staging',
  'status',
  'support',
  'system',
  'tenantry',
  'test',
  'webmaster',
  'wpad',
  'www',
]
const reservedSkeletons: ReadonlySet<string> = new Set(reserved.map(skeletonOf))

/** Whether no tenant can have a subdomain, because it is reserved or looks like a reserved one. */
export function isReserved(subdomain: string): boolean {
  return reservedSkeletons.has(skeletonOf(subdomain))
}

/** @returns a subdomain made of an organisation's name, or an empty text if it has too few letters from a to z */
export function subdomainFrom(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[\p{M}'’.]/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('æ', 'ae')
    .replaceAll('ø', 'o')
    .replaceAll('ł', 'l')
    .replaceAll('&', ' and ')
  const words = plain.split(/[^a-z0-9]+/).filter(Boolean)
  const telling = words.filter((word, i) => i === 0 || !companyForms.has(word))
  const subdomain = telling.join('-').slice(0, 40).replace(/-+$/, '')
  return subdomain.length < 2 ? '' : subdomain
}

const companyForms: ReadonlySet<string> = new Set([
  'ag',
  'bv',
  'co',
  'corp',
  'corporation',
  'gmbh',
  'inc',
  'llc',
  'llp',
  'ltd',
  'limited',
  'nv',
  'plc',
  'pty',
  'sa',
  'sarl',
  'srl',
])
