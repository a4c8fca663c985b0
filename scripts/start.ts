import type { ChildProcess } from 'node:child_process'
import { mkdir, open, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildIfNeeded } from './build.ts'
import { loadDemoConfig, prepareDemo } from './demo.ts'
import { Failure, isInterrupted, main, runInBackground } from './run.ts'

await main(async () => {
  const config = loadDemoConfig()
  const logFile = join(config.dataDir, 'server.log')
  await requireFreePort(config)
  // The command line, which prepares the demo, needs no build.
  const [signIns] = await Promise.all([prepareDemo(config), buildIfNeeded()])
  const server = await startServer(logFile)
  if (await becomesReady(server, config.port))
    console.log(`\nTenantry is running.\n\n${signIns}\n\nIts log is ${relative('', logFile)}. Ctrl-C stops it.`)
  if (await stopsByItself(server))
    throw new Failure(`${await lastLines(logFile)}\nThe server stopped by itself: see ${logFile}`)
})

async function requireFreePort({ port, host }: { port: number; host: string }) {
  const probe = createServer()
  const listening = new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen({ port, host }, resolve)
  })
  await listening.catch((error: Error) => {
    throw new Failure(
      `Port ${port} cannot be used (${error.message}). Stop what uses it, or choose another one: PORT=3001 npm start`,
    )
  })
  await new Promise(resolve => probe.close(resolve))
}

async function startServer(logFile: string) {
  console.log('Starting the server…')
  await mkdir(join(logFile, '..'), { recursive: true })
  const log = await open(logFile, 'w', 0o600)
  const server = runInBackground(process.execPath, ['.output/server/index.mjs'], log.fd)
  await log.close()
  return server
}

async function becomesReady(server: ChildProcess, port: number) {
  const deadline = Date.now() + 60_000
  while (isRunning(server) && !isInterrupted()) {
    if (await answers(`http://127.0.0.1:${port}/readyz`)) return true
    if (Date.now() > deadline)
      throw new Failure('The server was not ready within a minute; its log is server.log in DATA_DIR.')
    await sleep(100)
  }
  return false
}

function isRunning(server: ChildProcess) {
  return server.exitCode === null && server.signalCode === null
}

function answers(url: string) {
  return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    response => response.ok,
    () => false,
  )
}

/** Resolves when the server has ended; true if it ended by itself. */
async function stopsByItself(server: ChildProcess) {
  if (isRunning(server)) await new Promise(resolve => server.once('exit', resolve))
  return !isInterrupted()
}

async function lastLines(file: string) {
  return (await readFile(file, 'utf8')).trim().split('\n').slice(-10).join('\n')
}
