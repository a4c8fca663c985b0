import { copyFile, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { eq } from 'drizzle-orm'
import type { RunningApp } from '#server/create-app.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import {
  requestClone,
  requestExport,
  requestNewFromArchive,
  requestRestoration,
} from '#server/domain/archives/requests.ts'
import { adoptArchive, archivePath, listArchives, requireArchive } from '#server/domain/archives/store.ts'
import { fromSystem } from '#server/domain/context.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { inviteLife, issuePasswordLink } from '#server/domain/sessions/links.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { cloneSchema, newFromArchiveSchema } from '#shared/schemas/archive.ts'
import { validate } from '#shared/schemas/validate.ts'
import type { Archive } from '#shared/types/operations.ts'
import { showSteps } from '../progress.ts'
import { UsageError, defineTask } from '../task.ts'

const subdomain = { type: 'positional', description: "The organisation's subdomain", required: true } as const

export const exportTask = defineTask({
  name: 'export',
  description: 'Export an organisation to an archive file. The file contains password hashes: keep it safe',
  args: { subdomain, output: { type: 'string', description: 'Path of the file (default: a file in ARCHIVE_DIR)' } },
  async run({ app, migrations, args }) {
    const tenant = await requireTenant(app, args.subdomain)
    const result = await finish<{ archive: string; size: number }>(
      app,
      migrations,
      await requestExport(app, tenant.id, fromSystem, true),
    )
    const file =
      args.output === undefined
        ? archivePath(app, result.archive)
        : await move(archivePath(app, result.archive), resolve(args.output))
    return { json: { ...result, file }, text: `Exported ${tenant.name} to ${file} (${result.size} bytes).` }
  },
})

export const restoreArchive = defineTask({
  name: 'restore-archive',
  description: 'Restore an archive as a new organisation, or replace the data of an existing one',
  args: {
    'file': {
      type: 'positional',
      description: 'Archive file, or an archive name from "tenant archives"',
      required: true,
    },
    'as': { type: 'string', description: 'Subdomain of the new organisation' },
    'name': { type: 'string', description: 'Name of the new organisation' },
    'in-place': { type: 'string', description: 'Subdomain of the organisation whose data to replace' },
    'yes': { type: 'boolean', description: 'Confirm; required with --in-place' },
    'keep': { type: 'boolean', description: 'Archive the current data first; --no-keep discards it', default: true },
    'foreign': { type: 'boolean', description: 'Accept an archive from another installation' },
  },
  async run({ app, migrations, args }) {
    const { as, name, foreign = false } = args
    const inPlace = args['in-place']
    if ((as === undefined) === (inPlace === undefined)) throw new UsageError('Use either --as or --in-place')
    if (as !== undefined && name === undefined) throw new UsageError('--as requires --name')
    if (inPlace !== undefined && !args.yes)
      throw new UsageError('--in-place replaces all data of the organisation. Use --yes to confirm')
    const place = as === undefined ? undefined : validate(newFromArchiveSchema, { name, subdomain: as, foreign })
    const tenant = inPlace === undefined ? undefined : await requireTenant(app, inPlace)
    const archive = await find(app, args.file, foreign)
    if (place) {
      const result = await finish<{ tenant: string; subdomain: string; url: string }>(
        app,
        migrations,
        await requestNewFromArchive(app, { archive, ...place }, fromSystem, true),
      )
      return { json: { archive, ...result }, text: `${place.name} is ready at ${result.url}.` }
    }
    const result = await finish<{ kept: string | null }>(
      app,
      migrations,
      await requestRestoration(app, tenant!.id, { archive, foreign, keep: args.keep }, fromSystem, true),
    )
    return {
      json: { archive, ...result },
      text: `${tenant!.name} has been restored.${result.kept ? `\nIts previous data is in ${archivePath(app, result.kept)}.` : ''}`,
    }
  },
})

export const clone = defineTask({
  name: 'clone',
  description: 'Clone an organisation with anonymised people',
  args: {
    'source': subdomain,
    'subdomain': { type: 'string', description: 'Subdomain of the clone', required: true },
    'name': { type: 'string', description: 'Name of the clone', required: true },
    'admin-email': { type: 'string', description: 'Email address of the clone’s admin', required: true },
    'keep-admin': {
      type: 'boolean',
      description: 'The admin is an admin of the original; keep their name and password',
    },
  },
  async run({ app, migrations, args }) {
    const source = await requireTenant(app, args.source)
    const input = validate(cloneSchema, {
      name: args.name,
      subdomain: args.subdomain,
      admin_email: args['admin-email'],
      keep_admin: args['keep-admin'] ?? false,
    })
    const result = await finish<{ tenant: string; subdomain: string; url: string }>(
      app,
      migrations,
      await requestClone(app, source.id, { ...input, by_mail: false }, fromSystem, true),
    )
    const password_link = input.keep_admin ? undefined : await linkFor(app, result.tenant, input.admin_email)
    return {
      json: { ...result, ...(password_link ? { password_link } : {}) },
      text: `${input.name} is ready at ${result.url}.${password_link ? `\nLink for ${input.admin_email} to set a password (works once, expires in 7 days):\n${password_link}` : ''}`,
    }
  },
})

export const archives = defineTask({
  name: 'archives',
  description: 'List archives; --verify checks their contents',
  args: {
    subdomain: { ...subdomain, required: false },
    verify: { type: 'boolean', description: 'Check the contents and report damaged archives' },
  },
  async run({ app, args }) {
    const tenant = args.subdomain === undefined ? undefined : await requireTenant(app, args.subdomain)
    const found = await listArchives(app, tenant?.id)
    if (args.verify) for (const archive of found) archive.problem ??= await faultOf(app, archive)
    return {
      json: found,
      text:
        found
          .map(({ name, size, people, ours, problem }) =>
            [
              name,
              `${size} bytes`,
              `${people ?? '?'} people`,
              ...(ours ? [] : ['another SECRET']),
              ...(problem ? [problem] : []),
            ].join('  '),
          )
          .join('\n') || 'No archives yet.',
      failed: found.some(({ problem }) => problem !== null),
    }
  },
})

/**
 * Does the work in this process. It is cut off by an interrupt and then finished by a server, or by nobody until
 * one runs.
 */
async function finish<Result>(app: RunningApp, migrations: MigrationSets, id: string): Promise<Result> {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error('Interrupted.')))
  const { state, result, error } = await runOperation(app, migrations, id, {
    onProgress: showSteps(),
    signal: interrupted.signal,
  })
  if (state === 'failed') throw new Error(error ?? 'Failed.')
  return result as Result
}

async function find(app: RunningApp, file: string, foreign: boolean): Promise<string> {
  const known = (await listArchives(app)).some(({ name }) => name === file)
  return known ? file : adoptArchive(app, resolve(file), foreign)
}

// Whole or not at all, on another disk too.
async function move(from: string, to: string): Promise<string> {
  const draft = `${to}.part`
  await copyFile(from, draft)
  await rename(draft, to)
  await rm(from)
  return to
}

async function linkFor(app: RunningApp, tenantId: string, email: string): Promise<string> {
  const authRealm = tenantRealmOf(app, await requireTenant(app, { id: tenantId }))
  const {
    db,
    transaction,
    tables: { users },
  } = authRealm.realm
  const [user] = await db.select({ id: users.id }).from(users).where(eq(users.email, email))
  return transaction(tx => issuePasswordLink(tx, authRealm, user!.id, inviteLife))
}

async function faultOf(app: RunningApp, { name }: Archive): Promise<string | null> {
  const archive = await requireArchive(app, name)
  try {
    await archive.verify(() => {})
    return null
  } catch (error) {
    return messageOf(error)
  } finally {
    await archive.close()
  }
}
