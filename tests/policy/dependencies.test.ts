import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

interface Resolved {
  version?: string
  dev?: boolean
}

/** The first version without a known vulnerability or defect; npm's own audit cannot run everywhere. */
const floors: Record<string, string> = {
  'nuxt': '4.5.2',
  'nitropack': '2.13.6',
  'h3': '1.15.11',
  // CVE-2026-39356
  'drizzle-orm': '0.45.4',
  'jose': '6.0.0',
  'devalue': '5.9.2',
  'unhead': '2.1.13',
  'defu': '6.1.5',
  'sharp': '0.35.0',
}
/** Nuxt 4 and nitropack 2 need this line of h3. Development tools may have another one. */
const ceilings: Record<string, string> = { h3: '2.0.0' }
const optional = new Set(['sharp'])

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Resolved> }

describe('every copy of a package in the lockfile', () => {
  test('is past what is known to be broken', () => {
    expect(faults(packages)).toEqual([])
  })

  test('is there at all, so that a renamed package is noticed', () => {
    expect(Object.keys(floors).filter(name => !optional.has(name) && copiesOf(packages, name).length === 0)).toEqual([])
  })

  test('that is too old or too new is found, however deep it lies', () => {
    expect(
      faults({
        'node_modules/nuxt': { version: '4.5.1' },
        'node_modules/h3': { version: '2.0.0' },
        'node_modules/tool/node_modules/h3': { version: '2.0.8', dev: true },
        'node_modules/a/node_modules/defu': { version: '6.1.4' },
        'node_modules/jose': { version: '10.0.0' },
        'node_modules/devalue': { version: '5.9.2' },
        'node_modules/nuxt-h3': { version: '0.0.1' },
        'node_modules/drizzle-orm': { version: '0.45.4-beta.1' },
      }),
    ).toEqual([
      'node_modules/nuxt 4.5.1',
      'node_modules/h3 2.0.0',
      'node_modules/drizzle-orm 0.45.4-beta.1',
      'node_modules/a/node_modules/defu 6.1.4',
    ])
  })
})

function faults(lock: Record<string, Resolved>): string[] {
  return Object.keys(floors).flatMap(name =>
    copiesOf(lock, name)
      .filter(({ version, dev }) => {
        const ceiling = ceilings[name]
        return isBefore(version, floors[name]!) || (ceiling !== undefined && !dev && !isBefore(version, ceiling))
      })
      .map(({ path, version }) => `${path} ${version}`),
  )
}

function copiesOf(lock: Record<string, Resolved>, name: string) {
  return Object.entries(lock)
    .filter(([path]) => path.endsWith(`node_modules/${name}`))
    .map(([path, { version = '', dev }]) => ({ path, version, dev }))
}

/** A prerelease comes before its release. */
function isBefore(version: string, floor: string): boolean {
  const [core = '', suffix] = version.split(/-(.*)/s)
  const [a, b] = [core, floor].map(text => text.split('.').map(Number)) as [number[], number[]]
  for (const [i, wanted] of b.entries()) {
    const given = a[i] ?? 0
    if (given !== wanted) return !(given > wanted)
  }
  return suffix !== undefined
}
