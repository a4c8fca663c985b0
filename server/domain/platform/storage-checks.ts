import { randomUUID } from 'node:crypto'
import type { App } from '#server/domain/context.ts'
import { reasonOf } from '#server/database/errors.ts'
import type { Storage } from '#server/domain/storage/storage.ts'
import type { Check } from './check.ts'

/** Writes, reads, lists and deletes a small file in the bucket, where images and archives are in one. */
export async function checkStorage({ files, config }: App): Promise<Check> {
  if (!config.s3) return { name: 'storage', found: 'files are in folders', problems: [] }
  const problem = await tryAll(files.images)
  return {
    name: 'storage',
    found: `files are in ${config.s3.bucket} at ${config.s3.endpoint}`,
    problems: problem ? [`${problem} Check the settings S3_… and the rights of the access key.`] : [],
  }
}

/** @returns what does not work */
async function tryAll(storage: Storage): Promise<string | undefined> {
  const folder = `doctor-${randomUUID()}`
  const path = `${folder}/probe`
  const bytes = Buffer.from(folder)
  const steps: [name: string, step: () => Promise<boolean>][] = [
    ['written', () => storage.put(path, bytes).then(() => true)],
    ['read', async () => (await storage.read(path))?.equals(bytes) ?? false],
    ['listed', async () => (await Array.fromAsync(storage.list(folder))).length === 1],
    ['deleted', () => storage.remove(path).then(async () => !(await storage.read(path)))],
  ]
  for (const [name, step] of steps) {
    const problem = await step().then(
      works => (works ? undefined : 'S3 does not do it, and reports no error'),
      (error: unknown) => reasonOf(error),
    )
    if (problem) return `A file cannot be ${name}: ${problem}.`
  }
  return undefined
}
