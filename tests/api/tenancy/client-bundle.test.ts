import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { World } from '../../support/world.ts'
import { createWorld, signInWithCookies } from '../../support/world.ts'

const files = globSync('.output/public/**/*', { withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(entry => `${entry.parentPath}/${entry.name}`)

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

// WEB-15
test('what the browser is given holds no secret, nothing of the server, and no source map', () => {
  const scripts = files.filter(file => file.endsWith('.js'))
  expect(scripts.length).toBeGreaterThan(10)
  expect(files.filter(file => file.endsWith('.map'))).toEqual([])
  const servers =
    /DATABASE_URL|postgres(?:ql)?:\/\/|process\.env\.(?!NODE_ENV)|PEPPER|SMTP_URL|BCRYPT_COST|drizzle-orm|pgSchema|bcrypt|signing_keys|one_time_tokens|audit_events|pg_advisory|sourceMappingURL=(?!data:)|node_modules\//
  for (const file of files.filter(file => /\.(?:js|css|html|json|txt)$/.test(file))) {
    const text = readFileSync(file, 'utf8')
    expect([file, servers.exec(text)?.[0], text.includes(process.cwd())]).toEqual([file, undefined, false])
  }
})

test('scripts and styles can be sent compressed, with the same content', () => {
  // Nitro compresses nothing shorter.
  const texts = files.filter(file => /_nuxt\/.*\.(?:js|css)$/.test(file) && readFileSync(file).length > 1_024)
  expect(texts.length).toBeGreaterThan(10)
  for (const file of texts) {
    const content = readFileSync(file)
    expect([file, brotliDecompressSync(readFileSync(`${file}.br`)).equals(content)]).toEqual([file, true])
    expect([file, gunzipSync(readFileSync(`${file}.gz`)).equals(content)]).toEqual([file, true])
  }
})

test('the scripts of the first page after signing in are at most 120 kB, compressed', async () => {
  const cookies = await signInWithCookies(world.acme, world.acme.admin)
  for (const path of ['/', '/people']) {
    const { status, text } = await world.acme.call(path, { accept: 'text/html', cookies })
    const scripts = scriptsOf(text)
    const size = scripts.reduce((sum, script) => sum + compressedSize(script), 0)
    expect([path, status, scripts.length > 2, text.includes('rel="prefetch"')]).toEqual([path, 200, true, false])
    expect(size, `${path}: ${scripts.join(' ')}`).toBeLessThanOrEqual(120_000)
  }
})

/** The scripts that a browser loads before the page works, among them those that others import. */
function scriptsOf(page: string): string[] {
  const links = page.matchAll(/<link [^>]*rel="modulepreload"[^>]* href="([^"]+)"|<script [^>]*src="([^"]+)"/g)
  return [...new Set([...links].map(([, preloaded, entry]) => preloaded ?? entry!))]
}

function compressedSize(script: string): number {
  const file = `.output/public${script}`
  return statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size
}
