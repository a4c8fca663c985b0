import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createForwardProxy } from '../../support/forward-proxy.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

const run = promisify(execFile)
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const hasCurl = has('jq', '--version') && has('openssl', 'version') && has('curl', '--json', '{}', '--version')
const hasPython = has('python3', '-c', 'import requests')

let world: World
let proxy: Awaited<ReturnType<typeof createForwardProxy>>
let folder: string
let recipes: { language: string; code: string }[]
beforeAll(async () => {
  world = await createWorld()
  proxy = await createForwardProxy(world.port)
  folder = await mkdtemp(join(tmpdir(), 'tenantry-recipes-'))
  const text = await readFile('docs/api.md', 'utf8')
  recipes = [...text.matchAll(/^```(sh|python|ts)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }))
})
afterAll(async () => {
  proxy.close()
  await rm(folder, { recursive: true })
  await world.stop()
})

describe('the recipes in docs/api.md', () => {
  test.runIf(hasCurl)('work with curl', async () => {
    const outputs = await runAll('sh', code => ['sh', '-euc', code])
    expect(outputs).toHaveLength(4)
    expect(outputs[0]).toContain(world.acme.admin.id)
    expect(outputs[1]).toContain('"name":"Workshop"')
    expect(outputs[2]).toContain('+44 20 7946 0000')
    expect(JSON.parse(outputs[3]!)).toMatchObject({ created: 0, changed: 0 })
    expect(await departmentNames()).toContain('Workshop')
  })

  test.runIf(hasPython)("work with Python's requests", async () => {
    const [output, ...others] = await runAll('python', code => ['python3', '-c', code])
    expect(others).toEqual([])
    expect(output).toContain(world.acme.admin.email)
    expect(await departmentNames()).toContain('Laboratory')
  })

  test('work with our client', async () => {
    const file = join(folder, 'recipe.ts')
    const [output, ...others] = await runAll('ts', async code => {
      await writeFile(file, code.replace("'@tenantry/client'", `'${resolve('client/src/index.ts')}'`))
      return [process.execPath, file]
    })
    expect(others).toEqual([])
    expect(output?.split('\n')).toEqual(['200', world.acme.admin.email, ''])
    expect(await departmentNames()).toContain('Studios')
  })
})

/** Runs all recipes in a language, as an Admin would. @returns what they print */
async function runAll(language: string, commandOf: (code: string) => string[] | Promise<string[]>): Promise<string[]> {
  const { email, password } = world.acme.admin
  const env = {
    PATH: process.env.PATH,
    PORTAL: `http://${world.acme.host}`,
    EMAIL: email,
    PASSWORD: password,
    http_proxy: proxy.url,
    NODE_USE_ENV_PROXY: '1',
  }
  const outputs: string[] = []
  for (const { code } of recipes.filter(recipe => recipe.language === language)) {
    const [command, ...args] = await commandOf(code)
    outputs.push((await run(command!, args, { env })).stdout)
  }
  return outputs
}

async function departmentNames(): Promise<string[]> {
  const { access: token } = await signInAs(world.acme, world.acme.admin)
  const { json } = await world.acme.call(`${api}/departments/?page_size=100`, { token })
  return json.results.map(({ name }: { name: string }) => name)
}
