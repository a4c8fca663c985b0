import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Sql } from 'postgres'
import { expect } from 'vitest'
import { patience } from './patience.ts'
import { compiled } from './server.ts'

export interface Outcome {
  code: number | null
  output: string
  // Whatever a test expects of it, it says itself.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any
  errors: string
}

/** Starts the command line in a process of its own, which may be shot at. */
export function startCli(
  args: string[],
  env: Record<string, string>,
  input = '',
): { kill(): void; exited: Promise<Outcome> } {
  const child = spawn(
    process.execPath,
    ['--import', './tests/support/process/quick-imports.ts', 'cli/tenantry.ts', ...args],
    { env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compiled, ...env } },
  )
  child.stdin.on('error', () => {}).end(input)
  const exited = Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>(resolve => child.once('exit', resolve)),
  ]).then(([output, errors, code]) => ({
    code,
    output,
    errors,
    json: /^[{[]/.test(output) ? JSON.parse(output) : undefined,
  }))
  return { kill: () => child.kill('SIGKILL'), exited }
}

export function runCli(args: string[], env: Record<string, string>, input = ''): Promise<Outcome> {
  return startCli(args, env, input).exited
}

/** Waits until a command line is connected: killed before, it would prove nothing. */
export async function untilCliIsThere(sql: Sql): Promise<void> {
  await expect
    .poll(
      async () =>
        (
          await sql`select from pg_stat_activity where application_name = 'tenantry-cli' and datname = current_database()`
        ).length,
      patience,
    )
    .toBeGreaterThan(0)
}

/** Waits until a command line's statement waits for a lock. */
export async function untilCliWaits(sql: Sql): Promise<void> {
  await expect
    .poll(
      async () =>
        (
          await sql`select from pg_stat_activity where application_name = 'tenantry-cli' and wait_event_type = 'Lock' and datname = current_database()`
        ).length,
      patience,
    )
    .toBe(1)
}

/** Waits until PostgreSQL has noticed that the killed ones are gone, and has rolled back what they had begun. */
export async function untilCliIsGone(sql: Sql): Promise<void> {
  await expect
    .poll(
      async () =>
        (
          await sql`select from pg_stat_activity where application_name = 'tenantry-cli' and datname = current_database()`
        ).length,
      patience,
    )
    .toBe(0)
}
