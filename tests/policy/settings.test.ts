import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Config } from '#server/config.ts'
import { loadConfig } from '#server/config.ts'

const example = readFileSync('.env.example', 'utf8')
const schema = /const settings = z\.object\(\{\n([\s\S]*?)\n\}\)/.exec(
  readFileSync('server/config/settings.ts', 'utf8'),
)![1]!
const secrets = { SECRET: 'e5f0c1b7a9d24836e5f0c1b7a9d24836', PEPPER: '7b1d9e3f5a2c48607b1d9e3f5a2c4860' }

test('.env.example lists exactly the settings that there are', () => {
  expect(namesIn(schema).length).toBeGreaterThan(15)
  expect(
    settingsOf(example)
      .map(([name]) => name)
      .sort(),
  ).toEqual(namesIn(schema).sort())
})

test('.env.example says the defaults', () => {
  const written = Object.fromEntries(settingsOf(example).filter(([name, value]) => value !== '' && name !== 'NODE_ENV'))
  expect(plain(loadConfig({ ...secrets, ...written }))).toEqual(plain(loadConfig(secrets)))
  expect(Object.keys(written).length).toBeGreaterThan(10)
})

test('.env.example holds no secret that someone could leave in place', () => {
  for (const name of ['SECRET', 'PEPPER', 'DATABASE_URL', 'SMTP_URL'])
    expect(new Map(settingsOf(example)).get(name) ?? '').toBe('')
})

test('a setting that is missing from either is found', () => {
  expect(settingsOf('#PORT=3000\n# Text with A=b.\nHOST=x\n#EMPTY=')).toEqual([
    ['PORT', '3000'],
    ['HOST', 'x'],
    ['EMPTY', ''],
  ])
  expect(namesIn('  PORT: port.default(3000),\n  /** LOG: no */\n  HOST: z.string(),')).toEqual(['PORT', 'HOST'])
})

function settingsOf(text: string): [name: string, value: string][] {
  return [...text.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => [name!, value!])
}

function namesIn(text: string): string[] {
  return [...text.matchAll(/^ {2}([A-Z][A-Z0-9_]*):/gm)].map(([, name]) => name!)
}

function plain(config: Config) {
  return { ...JSON.parse(JSON.stringify(config)), origin: config.originOf('acme.localhost') }
}
