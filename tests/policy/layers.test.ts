import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Source } from '../support/sources.ts'
import { importsOf, readSources } from '../support/sources.ts'

/**
 * Lowest first: a file may import its own layer and those before it. The last matching pattern decides a file's
 * layer.
 */
const layers: [name: string, files: RegExp, uses: string[]][] = [
  ['shared', /^shared\//, []],
  ['drizzle', /^drizzle\//, ['shared']],
  ['tracing', /^server\/tracing\//, []],
  ['config', /^server\/config(?:\.ts$|\/)/, []],
  ['database', /^server\/database\//, ['shared', 'drizzle', 'tracing']],
  ['mail', /^server\/mail\//, ['shared', 'config']],
  ['domain', /^server\/domain\//, ['shared', 'drizzle', 'tracing', 'config', 'database', 'mail']],
  ['app', /^server\/(?:create-app|logger)\.ts$/, ['shared', 'config', 'database', 'domain']],
  ['cli', /^cli\//, ['shared', 'config', 'database', 'domain', 'app']],
  [
    'server',
    /^server\/(?:api|http|metrics|middleware|plugins|routes)\/|^server\/(?:draining|entry|primary|serve|process-config|background|log|runtime|jobs|error-handler)\.ts$|^server\/virtual\.d\.ts$/,
    ['shared', 'tracing', 'config', 'database', 'mail', 'domain', 'app'],
  ],
  [
    'portal',
    /^(?:app|components|composables|layouts|middleware|pages|plugins|stores|utils)\/|^(?:app|error)\.vue$|^app\.config\.ts$/,
    ['shared'],
  ],
]
const sources = readSources(
  '{shared,drizzle,server,cli,app,components,composables,layouts,middleware,pages,plugins,stores,utils}/**/*.{ts,vue}',
  'server/routes/.*/**/*.ts',
  '*.vue',
  'app.config.ts',
)

/** Code that plain Node.js runs too: the command line and the tests use it without a build. */
const plain = sources.filter(({ file }) =>
  ['shared', 'drizzle', 'tracing', 'config', 'database', 'mail', 'domain', 'app', 'cli'].includes(layerOf(file)!),
)

describe('a layer', () => {
  test('is what every file has', () => {
    expect(sources.length).toBeGreaterThan(100)
    expect(sources.map(({ file }) => file).filter(file => !layerOf(file))).toEqual([])
  })

  test('uses only the layers below it: shared, drizzle, database, domain, then what serves them', () => {
    expect(sources.flatMap(crossings)).toEqual([])
  })

  test('that imports a higher layer is found', () => {
    expect(
      crossings({ file: 'shared/x.ts', code: "import { slots } from '../server/database/slots/slots.ts'" }),
    ).toEqual(['shared/x.ts uses server/database/slots/slots.ts'])
    expect(crossings({ file: 'server/domain/x.ts', code: "import { readJson } from '../http/body.ts'" })).toHaveLength(
      1,
    )
    expect(
      crossings({ file: 'server/database/x.ts', code: "const { y } = await import('../domain/users.ts')" }),
    ).toHaveLength(1)
    expect(crossings({ file: 'cli/x.ts', code: "import '../server/http/route.ts'" })).toHaveLength(1)
    expect(crossings({ file: 'pages/x.vue', code: "import { users } from '~~/server/domain/users'" })).toHaveLength(1)
    expect(crossings({ file: 'pages/x.vue', code: "import type { User } from '#shared/answers/users'" })).toEqual([])
  })
})

describe('what plain node runs', () => {
  test('imports nothing of Nuxt', () => {
    expect(plain.flatMap(ofNuxt)).toEqual([])
  })

  test('imports files by their whole name', () => {
    expect(plain.flatMap(nameless)).toEqual([])
  })

  test('and what it must not is found', () => {
    const code = `import { z } from 'zod'\nimport { createError } from 'h3'\nimport { x } from '#imports'\nimport { y } from '~/y'\nexport { z } from './z'\nimport json from './x.json'\nimport { k } from '@/k'\nimport type { N } from 'nitropack/types'\nconst v = await import("vue")`
    const source = { file: 'server/domain/x.ts', code }
    expect(ofNuxt(source).map(line => line.split(' ').at(-1))).toEqual([
      'h3',
      '#imports',
      '~/y',
      '@/k',
      'nitropack/types',
      'vue',
    ])
    expect(nameless(source).map(line => line.split(' ').at(-1))).toEqual(['./z'])
  })
})

function layerOf(file: string): string | undefined {
  return layers.find(([, files]) => files.test(file))?.[0]
}

function crossings(source: Source): string[] {
  const own = layerOf(source.file)
  const allowed = layers.find(([name]) => name === own)![2]
  return importsOf(source)
    .map(name => fileOf(source.file, name))
    .filter(target => {
      const layer = target && layerOf(target)
      return layer && layer !== own && !allowed.includes(layer)
    })
    .map(target => `${source.file} uses ${target}`)
}

function fileOf(from: string, name: string): string | undefined {
  if (name.startsWith('.')) return posix.join(posix.dirname(from), name)
  return /^(?:#shared|#server|#drizzle|~~?|@@?)\//.test(name)
    ? name.replace(/^(?:~~?|@@?)\//, '').replace(/^#/, '')
    : undefined
}

function ofNuxt(source: Source): string[] {
  return importsOf(source)
    .filter(name =>
      /^(?:#(?!server\/|shared\/|drizzle\/)|~|@\/|@@\/|nuxt|@nuxt\/|nitro|h3|vue|@vue\/|@pinia|pinia|ofetch)/.test(
        name,
      ),
    )
    .map(name => `${source.file} imports ${name}`)
}

function nameless(source: Source): string[] {
  return importsOf(source)
    .filter(name => /^(?:\.|#(?:server|shared|drizzle)\/)/.test(name) && !/\.(?:ts|json)$/.test(name))
    .map(name => `${source.file} imports ${name}`)
}
