import { spawn, type ChildProcess } from 'node:child_process'

const interruption = new AbortController()

/** A failure whose cause the user can fix; shown as one line. */
export class Failure extends Error {}

/** Runs a script. Ctrl-C and SIGTERM end it and the processes that it has started. */
export async function main(script: () => Promise<void>, codeWhenInterrupted = 0) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort())
  try {
    await script()
  } catch (error) {
    if (isInterrupted()) {
      process.exitCode = codeWhenInterrupted
    } else {
      console.error(error instanceof Failure ? error.message : error)
      process.exitCode = 1
      interruption.abort()
    }
  }
}

export const isInterrupted = () => interruption.signal.aborted

/** Runs a program and returns its exit code. */
export type Run = (command: string, ...args: string[]) => Promise<number>

/** Runs a program on our terminal and returns its exit code. */
export function run(command: string, ...args: string[]): Promise<number> {
  return ended(spawn(command, args, { stdio: 'inherit', signal: interruption.signal }))
}

/** Runs a program and shows its output only if it fails; returns its standard output. */
export async function runQuietly(command: string, ...args: string[]): Promise<string> {
  const { code, output, printed } = await runRecorded(command, ...args)
  if (code !== 0) throw new Failure(`${output.trim()}\nFailed (${code}): ${[command, ...args].join(' ')}`)
  return printed
}

/** Runs a program and returns all its output; `printed` is its standard output alone. */
export async function runRecorded(
  command: string,
  ...args: string[]
): Promise<{ code: number; output: string; printed: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: interruption.signal })
  let output = ''
  let printed = ''
  child.stdout.on('data', chunk => (printed += chunk))
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', chunk => (output += chunk))
  const code = await ended(child)
  return { code, output, printed }
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    // An abort emits 'error' at once; we wait until the process has ended.
    child.on('error', error => isInterrupted() || reject(error))
    child.on('close', code => (isInterrupted() ? reject(new Failure('Interrupted.')) : resolve(code ?? 1)))
  })
}

/** Starts a program that runs until we are interrupted, with its standard output redirected to a file. */
export function runInBackground(command: string, args: string[], log: number): ChildProcess {
  return spawn(command, args, { stdio: ['ignore', log, 'inherit'], signal: interruption.signal }).on('error', () => {})
}
