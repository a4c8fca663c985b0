import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** In place of npm: notes how it was called, and installs a package of each kind. */
const npm = `#!${process.execPath}
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
const scope = process.argv[3]
appendFileSync('npm.log', process.argv[2] + ' ' + scope + '\\n')
rmSync('node_modules', { recursive: true, force: true })
for (const name of ['.bin', 'needed', ...(scope === '--include=dev' ? ['checker'] : [])]) {
  mkdirSync('node_modules/' + name, { recursive: true })
  writeFileSync('node_modules/' + name + '/package.json', '{}')
}
symlinkSync(process.execPath, 'node_modules/.bin/node')
writeFileSync('node_modules/.package-lock.json', '{}')
`
let project: string

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'tenantry-bootstrap-'))
  await mkdir(join(project, 'scripts'))
  for (const name of ['bootstrap', 'start', 'test'])
    await cp(`scripts/${name}.mjs`, join(project, `scripts/${name}.mjs`))
  for (const name of ['start', 'test'])
    await writeFile(join(project, `scripts/${name}.ts`), `console.log('${name} ran')`)
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { needed: '1' }, devDependencies: { checker: '1' } }),
  )
  await writeFile(join(project, 'package-lock.json'), '{}')
  await mkdir(join(project, 'path'))
  await writeFile(join(project, 'path/npm'), npm)
  await chmod(join(project, 'path/npm'), 0o755)
  await symlink(process.execPath, join(project, 'path/node'))
})

afterEach(() => rm(project, { recursive: true }))

test('npm start installs once, and only what the build and the server need', async () => {
  expect(await run('start')).toContain('start ran')
  expect(await run('start')).toContain('start ran')
  expect(await installations()).toEqual(['ci --omit=dev'])
})

test('npm test after npm start installs the rest, which npm start keeps, also when the dependencies change', async () => {
  await run('start')
  expect(await run('test')).toContain('test ran')
  await run('start')
  await run('test')
  expect(await installations()).toEqual(['ci --omit=dev', 'ci --include=dev'])

  await writeFile(join(project, 'package-lock.json'), '{ }')
  await run('start')
  await run('test')
  expect(await installations()).toEqual(['ci --omit=dev', 'ci --include=dev', 'ci --include=dev'])
})

test('what was installed by hand is used as far as it goes', async () => {
  await byHand('--omit=dev')
  await run('start')
  expect(await installations()).toEqual(['ci --omit=dev'])
  await run('test')
  expect(await installations()).toEqual(['ci --omit=dev', 'ci --include=dev'])
})

async function run(script: string): Promise<string> {
  const env = { ...process.env, PATH: join(project, 'path') + delimiter + process.env.PATH }
  const { stdout } = await promisify(execFile)(process.execPath, [join(project, `scripts/${script}.mjs`)], { env })
  return stdout
}

async function byHand(scope: string): Promise<void> {
  await promisify(execFile)(join(project, 'path/npm'), ['ci', scope], { cwd: project })
}

async function installations(): Promise<string[]> {
  return (await readFile(join(project, 'npm.log'), 'utf8')).trim().split('\n')
}
