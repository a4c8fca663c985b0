import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Sql } from 'postgres'
import { expect, inject } from 'vitest'
import { countWaiting } from '../database/waiting.ts'
import { waitLimit } from './wait-limit.ts'
import { compiled } from './server.ts'

export interface Outcome {
  code: number | null
  output: string
  // Each test checks the shape that it expects.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any
  errors: string
}

/**
 * Starts the command line in its own process, which may be killed.
 * @param program by default bundled into one file, which starts sooner
 */
export function startCli(
  args: string[],
  env: Record<string, string>,
  input = '',
  program = inject('bundledCli'),
): { kill(): void; exited: Promise<Outcome> } {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compiled, ...env },
  })
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

/** Runs the command line as users do. */
export function runInstalledCli(args: string[], env: Record<string, string>): Promise<Outcome> {
  return startCli(args, env, '', 'cli/tenantry.ts').exited
}

/** Waits until a command line is connected: if it were killed before, the test would prove nothing. */
export async function untilCliIsThere(sql: Sql): Promise<void> {
  await expect
    .poll(
      async () =>
        (
          await sql`select from pg_stat_activity where application_name = 'tenantry-cli' and datname = current_database()`
        ).length,
      waitLimit,
    )
    .toBeGreaterThan(0)
}

/** Waits until a statement of a command line waits for a lock. */
export async function untilCliWaits(sql: Sql): Promise<void> {
  await expect.poll(() => countWaiting(sql, 'tenantry-cli'), waitLimit).toBe(1)
}

/** Waits until PostgreSQL has noticed that the killed processes are gone, and has rolled back their transactions. */
export async function untilCliIsGone(sql: Sql): Promise<void> {
  await expect
    .poll(
      async () =>
        (
          await sql`select from pg_stat_activity where application_name = 'tenantry-cli' and datname = current_database()`
        ).length,
      waitLimit,
    )
    .toBe(0)
}
