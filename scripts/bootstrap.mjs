// Runs on the machine's own Node (20 or later), before anything is installed: no dependencies, no TypeScript.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules/.bin')

/**
 * Installs the dependencies if they are missing, then runs `scripts/<name>.ts` on the installed Node with our
 * arguments.
 * @param options `forChecks: true` if the script also needs the development dependencies
 */
export async function runScript(name, { forChecks = false } = {}) {
  process.chdir(root)
  await install(forChecks)
  await linkOurCommand()
  process.exitCode = await runOnOurNode([join(root, 'scripts', `${name}.ts`), ...process.argv.slice(2)])
}

/**
 * Ends this process, as SIGTERM would, soon after its parent process has ended. A parent that was killed cannot send
 * a signal.
 */
export function endWithParent() {
  const parent = process.ppid
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGTERM'), 1_000).unref()
}

async function install(forChecks) {
  const stamp = 'node_modules/.tenantry-lockfile'
  const wanted = createHash('sha256')
    .update(await readFile('package-lock.json'))
    .digest('hex')
  const isCurrent = (await readFile(stamp, 'utf8').catch(() => '')) === wanted || (await installedByHand())
  const hasAll = await hasDevelopmentDependencies()
  if (!isCurrent || !ourNode() || (forChecks && !hasAll)) await npmCi(forChecks || hasAll)
  if (!ourNode()) fail('Tenantry needs Node 24. It was not installed: there is none for this platform, or npm failed.')
  await writeFile(stamp, wanted)
}

/**
 * npm keeps a copy of the lockfile in node_modules. If the copy is not older than ours, somebody ran `npm ci` or `npm
 * install`.
 */
async function installedByHand() {
  try {
    const [theirs, ours] = await Promise.all([stat('node_modules/.package-lock.json'), stat('package-lock.json')])
    return theirs.mtimeMs >= ours.mtimeMs
  } catch {
    return false
  }
}

async function hasDevelopmentDependencies() {
  const { devDependencies } = JSON.parse(await readFile('package.json', 'utf8'))
  return Object.keys(devDependencies).every(name => existsSync(join('node_modules', name, 'package.json')))
}

async function npmCi(withDevelopment) {
  console.log('Installing the dependencies (a minute or two, only when they change)…')
  const scope = withDevelopment ? '--include=dev' : '--omit=dev'
  const npm = spawn('npm', ['ci', scope, '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', chunk => (output += chunk))
  const code = await ended(npm)
  if (code === 0) return
  // The remaining lines are npm's own help.
  fail(`${output.split('\n').slice(0, 20).join('\n')}\nnpm ci failed (${code}).`)
}

/**
 * Links the command for `npx tenantry`. `npm ci` creates the link in our postinstall script, which `npm install
 * <package>` does not run.
 */
async function linkOurCommand() {
  await symlink('../../cli/tenantry.ts', join(bin, 'tenantry')).catch(error => {
    if (error.code !== 'EEXIST') throw error
  })
}

function runOnOurNode(args) {
  const child = spawn(ourNode(), args, {
    stdio: 'inherit',
    env: { ...process.env, PATH: bin + delimiter + process.env.PATH },
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return ended(child)
}

/** The installed Node, or the machine's if that is new enough. npm does not fail if it cannot install Node. */
function ourNode() {
  const installed = join(bin, 'node')
  if (existsSync(installed)) return installed
  return Number.parseInt(process.versions.node, 10) >= 24 ? process.execPath : undefined
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

function ended(child) {
  return new Promise((resolve, reject) => child.on('error', reject).on('close', code => resolve(code ?? 1)))
}
