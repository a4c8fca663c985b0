import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export interface Outcome {
  code: number | null
  // Whatever a test expects of it, it says itself.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any
  errors: string
}

/** Starts the command line in a process of its own, which may be shot at. */
export function startCli(args: string[], env: Record<string, string>, input = ''): { kill(): void, exited: Promise<Outcome> } {
  const child = spawn(process.execPath, ['cli/tenantry.ts', ...args], { env: { PATH: process.env.PATH, ...env } })
  child.stdin.on('error', () => {}).end(input)
  const exited = Promise.all([text(child.stdout), text(child.stderr), new Promise<number | null>(resolve => child.once('exit', resolve))])
    .then(([output, errors, code]) => ({ code, errors, json: /^[{[]/.test(output) ? JSON.parse(output) : undefined }))
  return { kill: () => child.kill('SIGKILL'), exited }
}

export function runCli(args: string[], env: Record<string, string>, input = ''): Promise<Outcome> {
  return startCli(args, env, input).exited
}
