interface Locked {
  version?: string
  integrity?: string
  license?: string
  dev?: boolean
}

export interface Lockfile {
  packages: Record<string, Locked>
}

/**
 * Lists what a release is made of, for tools that look for vulnerable packages: CycloneDX 1.6, from the lockfile.
 * Packages that only lint and tests need are left out.
 */
export function billOfMaterials(project: { name: string; version: string; license: string }, lock: Lockfile) {
  const packages = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev)
  const components = packages.map(([path, locked]) => componentOf(path, locked))
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { 'type': 'application', 'bom-ref': project.name, ...described(project.name, project) } },
    // A package may be installed in several places.
    components: [...new Map(components.map(component => [component.purl, component])).values()],
  }
}

function componentOf(path: string, locked: Locked) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const purl = `pkg:npm/${name.replace('@', '%40')}@${locked.version}`
  return { 'type': 'library', 'bom-ref': purl, purl, ...described(name, locked), 'hashes': hashesOf(locked.integrity) }
}

function described(name: string, { version, license }: Locked) {
  return { name, version, licenses: license ? [{ expression: license }] : [] }
}

function hashesOf(integrity = '') {
  const [, digest] = /^sha512-(\S+)$/.exec(integrity) ?? []
  return digest ? [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] : []
}
