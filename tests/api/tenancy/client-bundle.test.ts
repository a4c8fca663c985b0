import { globSync, readFileSync } from 'node:fs'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const files = globSync('.output/public/**/*', { withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(entry => `${entry.parentPath}/${entry.name}`)

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
