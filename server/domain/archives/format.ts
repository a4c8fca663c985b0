import { z } from 'zod'
import { invalid } from '#shared/errors.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'

/**
 * The format of an archive; docs/decisions/0008-archives.md has the reasons. It is a tar with these entries, in this
 * order: `manifest.json`, `seal.json`, `files.jsonl` (a line for each image), `tables/<name>.copy.gz`, and the images
 * under `files/`.
 */
export const formatVersion = 1

/**
 * Tables that an archive leaves out: neither the archive nor its restore signs anyone in, or answers a former request,
 * and the platform decides whether a tenant is open. Second factors are the present ones; see docs/archives.md.
 */
export const leftOut: ReadonlySet<string> = new Set([
  'sessions',
  'one_time_tokens',
  'signing_keys',
  'standing',
  'idempotency_keys',
  'factors',
  'recovery_codes',
  'challenges',
  'devices',
])

const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/)
const size = z
  .int()
  .min(0)
  .max(8 * 1024 ** 3 - 1)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const manifestSchema = z.strictObject({
  format: z.literal(formatVersion),
  created: z.iso.datetime(),
  tenant: z.strictObject({
    id: z.string().regex(uuidPattern),
    name: z.string(),
    subdomain: z.string(),
    tenant_id: z.string(),
    schema: name,
    business_email: z.string(),
    business_phone_number: z.string(),
  }),
  /** `name checksum` of each migration of the schema. */
  migrations: z.array(z.string().regex(/^[a-z]+\/\w+ [0-9a-f]{64}$/)).min(1),
  /** `size` and `sha256` are those of the compressed entry. */
  tables: z.array(
    z.strictObject({
      name: name.refine(table => !leftOut.has(table)),
      columns: z.array(name).min(1),
      rows: z.int().min(0),
      size,
      sha256,
    }),
  ),
  /** `size` and `sha256` are those of the list. `missing`: images that a row named and that did not exist. */
  files: z.strictObject({ count: z.int().min(0), missing: z.int().min(0), size, sha256 }),
})

export type Manifest = z.output<typeof manifestSchema>

const imagePathPattern =
  /^(?:logo|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?:64|256)\.webp$/
const fileSchema = z.strictObject({ path: z.string().regex(imagePathPattern), size: size.max(1024 ** 2), sha256 })

/** An image: `<owner>/<name>-<size>.webp`, its path under the schema's upload folder. */
export type ArchivedFile = z.output<typeof fileSchema>

/** An entry of the archive. */
export interface Entry {
  path: string
  size: number
  sha256: string
}

export const manifestEntry = 'manifest.json'
export const sealEntry = 'seal.json'
export const filesEntry = (files: Manifest['files']): Entry => ({
  path: 'files.jsonl',
  size: files.size,
  sha256: files.sha256,
})
export const tableEntry = (table: Manifest['tables'][number]): Entry => ({
  path: `tables/${table.name}.copy.gz`,
  size: table.size,
  sha256: table.sha256,
})
export const fileEntry = (file: ArchivedFile): Entry => ({ ...file, path: `files/${file.path}` })

/** @throws ApiError 400 for a manifest that is not valid, or of a later version */
export function parseManifest(text: string): Manifest {
  const value = parseJson(text)
  const format = (value as { format?: unknown } | null)?.format
  if (typeof format === 'number' && format > formatVersion)
    throw invalid({ archive: ['The archive was made by a newer version of Tenantry.'] })
  const parsed = manifestSchema.safeParse(value)
  if (!parsed.success) throw altered(manifestEntry)
  return parsed.data
}

/** @throws ApiError 400 for a line that names anything but an image */
export function parseFile(line: string): ArchivedFile {
  const parsed = fileSchema.safeParse(parseJson(line))
  if (!parsed.success) throw altered('files.jsonl')
  return parsed.data
}

/** The error for every archive that differs from what was written. */
export function altered(where: string) {
  return invalid({ archive: [`The archive is damaged or has been altered, at ${where}.`] })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
