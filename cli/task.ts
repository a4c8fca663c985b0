import type { ArgsDef, CommandDef, ParsedArgs } from 'citty'
import { defineCommand } from 'citty'
import { loadConfig } from '#server/config.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp } from '#server/create-app.ts'
import { isStatementRefused } from '#server/database/errors.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { missingPlatform } from '#server/database/migrations/platform.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { bootstrapPlatform, requireCompatible } from '#server/database/migrations/runner.ts'
import type { SlotsOptions } from '#server/database/slots/options.ts'
import { createLogger } from '#server/logger.ts'

/** The arguments are wrong: exit code 2. */
export class UsageError extends Error {}
/** The work failed, at least in part, and the command has reported that: exit code 1. */
export class TaskFailed extends Error {}

const shared = { json: { type: 'boolean', description: 'Print the result as JSON' } } as const satisfies ArgsDef

interface Task<Args extends ArgsDef> {
  name: string
  description: string
  args: Args
  /** Whether it only looks: then the platform's schema is not created or migrated first. */
  onlyLooks?: boolean | ((args: ParsedArgs<Args>) => boolean)
  /** The number of connections and the statement timeout that it needs. */
  slots?: (args: ParsedArgs<Args>) => Partial<SlotsOptions>
  run: (tools: {
    app: RunningApp
    migrations: MigrationSets
    args: ParsedArgs<Args & typeof shared>
  }) => Promise<Report>
}

export interface Report {
  /** The value that `--json` prints. */
  json: unknown
  /** The text for people. */
  text: string
  failed?: boolean
}

/**
 * Defines a command that works on the installation: it rejects unknown options, opens the database, migrates the
 * platform schema unless it only looks, and prints one result.
 */
export function defineTask<const Args extends ArgsDef>(task: Task<Args>): CommandDef<Args & typeof shared> {
  const args = { ...task.args, ...shared }
  return defineCommand({
    meta: { name: task.name, description: task.description },
    args,
    async run({ rawArgs, args: given }) {
      refuseUnknown(rawArgs, args, given._)
      const { onlyLooks = false } = task
      const looks = typeof onlyLooks === 'function' ? onlyLooks(given as never) : onlyLooks
      const report = await withApp(task.slots?.(given as never) ?? {}, looks, (app, migrations) =>
        task.run({ app, migrations, args: given as never }),
      )
      process.stdout.write(given.json ? `${JSON.stringify(report.json)}\n` : `${report.text}\n`)
      if (report.failed) throw new TaskFailed()
    },
  }) as CommandDef<Args & typeof shared>
}

const usualSlots = { size: 2, statementShare: 1, statementTimeout: 60_000, applicationName: 'tenantry-cli' }

async function withApp<T>(
  slots: Partial<SlotsOptions>,
  onlyLooks: boolean,
  work: (app: RunningApp, migrations: MigrationSets) => Promise<T>,
): Promise<T> {
  const root = new URL('..', import.meta.url).pathname
  const migrations = { platform: loadMigrations(root, 'platform'), tenant: loadMigrations(root, 'tenant') }
  const config = loadConfig(process.env)
  const options = { ...usualSlots, ...slots, url: config.databaseDirectUrl }
  const app = await createApp(config, createLogger('silent'), options)
  try {
    if (onlyLooks) return await look(app, migrations, work)
    await bootstrapPlatform(app.database, migrations.platform)
    await requireCompatible(app.database, migrations)
    return await work(app, migrations)
  } finally {
    await app.close()
  }
}

/** Works with the platform's schema as it is; where it lacks what the work needs, the error says so. */
async function look<T>(
  app: RunningApp,
  migrations: MigrationSets,
  work: (app: RunningApp, migrations: MigrationSets) => Promise<T>,
): Promise<T> {
  const missing = await missingPlatform(app.database, migrations.platform)
  try {
    if (missing === null) await requireCompatible(app.database, migrations)
    return await work(app, migrations)
  } catch (error) {
    if (missing === null || !isStatementRefused(error)) throw error
    process.stderr.write(`${missing} Run: tenantry migrate\n`)
    throw new TaskFailed(missing, { cause: error })
  }
}

function refuseUnknown(rawArgs: string[], args: ArgsDef, positionals: string[]): void {
  for (const raw of rawArgs) {
    if (raw === '--') break
    const name = /^--?(?:no-)?([^=]+)/.exec(raw)?.[1]
    if (name && !(name in args)) throw new UsageError(`Unknown option: ${raw.split('=')[0]}`)
  }
  const places = Object.values(args).filter(arg => arg.type === 'positional').length
  if (positionals.length > places) throw new UsageError(`Unexpected argument: ${positionals[places]}`)
}

/** @returns the first line of standard input, without its line break */
export async function readPassword(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n[\s\S]*$/, '')
}

/**
 * @returns a number option's value
 * @throws UsageError naming the option
 */
export function wholeNumber(name: string, value: string, min: number, max: number): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < min || number > max)
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}`)
  return number
}
