import type { CommandDef } from 'citty'
import { defineCommand, renderUsage, runCommand } from 'citty'
import { version } from '#server/config/version.ts'
import { ConfigError } from '#server/config/error.ts'
import { failureOf } from '#server/database/migrations/error.ts'
import { ApiError } from '#shared/errors.ts'
import { TaskFailed, UsageError } from './task.ts'

const main = defineCommand({
  meta: { name: 'tenantry', version, description: 'Manage a Tenantry installation: organisations, people, schemas' },
  subCommands: {
    tenant: () => import('./commands/tenant.ts').then(module => module.default),
    archive: () => import('./commands/archive.ts').then(module => module.default),
    user: () => import('./commands/user.ts').then(module => module.default),
    operator: () => import('./commands/operator.ts').then(module => module.default),
    signup: () => import('./commands/signup.ts').then(module => module.default),
    pool: () => import('./commands/pool.ts').then(module => module.default),
    mail: () => import('./commands/mail.ts').then(module => module.default),
    operation: () => import('./commands/operation.ts').then(module => module.default),
    support: () => import('./commands/support.ts').then(module => module.default),
    audit: () => import('./commands/audit.ts').then(module => module.default),
    nodes: () => import('./commands/nodes.ts').then(module => module.default),
    migrate: () => import('./commands/migrate.ts').then(module => module.default),
    seed: () => import('./commands/seed.ts').then(module => module.default),
    report: () => import('./commands/exec.ts').then(module => module.default),
    files: () => import('./commands/files.ts').then(module => module.default),
    keys: () => import('./commands/keys.ts').then(module => module.default),
    secrets: () => import('./commands/secrets.ts').then(module => module.default),
    doctor: () => import('./commands/doctor.ts').then(module => module.default),
  },
})

const rawArgs = process.argv.slice(2)
try {
  if (rawArgs.length === 1 && rawArgs[0] === '--version') console.log(version)
  else if (rawArgs.length === 0 || rawArgs.some(arg => arg === '--help' || arg === '-h'))
    console.log(await usageOf(rawArgs))
  else await runCommand(main, { rawArgs })
} catch (error) {
  process.exitCode = await report(error)
}

async function report(error: unknown): Promise<number> {
  if (error instanceof TaskFailed) return 1
  if (error instanceof UsageError || (error as Error).name === 'CLIError') {
    process.stderr.write(`${(error as Error).message}\n\n${await usageOf(rawArgs)}\n`)
    return 2
  }
  process.stderr.write(`${describe(error)}\n`)
  return 1
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (error instanceof ApiError) {
    return Object.entries(error.body)
      .filter(([key]) => key !== 'code')
      .map(([field, texts]) => (field === 'detail' ? String(texts) : `${field}: ${[texts].flat().join(' ')}`))
      .join('\n')
  }
  return failureOf(error)
}

/** The help of the command that the words name, or of the closest parent command. */
async function usageOf(words: string[]): Promise<string> {
  let command = main as CommandDef
  let parent: CommandDef | undefined
  for (const word of words) {
    const subCommands = command.subCommands as Record<string, CommandDef | (() => Promise<CommandDef>)> | undefined
    const next = subCommands?.[word]
    if (!next) break
    const name = [parent && (parent.meta as { name: string }).name, (command.meta as { name: string }).name]
      .filter(Boolean)
      .join(' ')
    parent = { ...command, meta: { name } } as CommandDef
    command = typeof next === 'function' ? await next() : next
  }
  return renderUsage(command, parent)
}
