import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from './error.ts'

/** A secret that can be rotated: `current` writes and reads, `fallback` only reads what `current` does not open. */
export interface Secret {
  current: string
  fallback: string | undefined
}

type SecretName = 'SECRET' | 'PEPPER'

/**
 * Reads a secret and its fallback. Outside production, a secret that is not given is generated once and kept in
 * DATA_DIR.
 * @throws {ConfigError} where it is missing in production, one of them is too weak, or both are the same
 */
export function secretOf(
  name: SecretName,
  given: Partial<Record<SecretName | `${SecretName}_FALLBACK`, string>>,
  production: boolean,
  dataDir: string,
): Secret {
  const current = currentOf(name, given[name], production, dataDir)
  const fallback = given[`${name}_FALLBACK`]
  if (fallback !== undefined) requireStrong(`${name}_FALLBACK`, fallback, production)
  if (fallback === current) throw new ConfigError(`${name}_FALLBACK: must differ from ${name}`)
  return { current, fallback }
}

function currentOf(name: SecretName, given: string | undefined, production: boolean, dataDir: string): string {
  if (given === undefined) {
    if (production) throw new ConfigError(`${name}: is required in production; make one with: openssl rand -base64 48`)
    return keptSecret(join(dataDir, name.toLowerCase()))
  }
  requireStrong(name, given, production)
  return given
}

function requireStrong(name: string, secret: string, production: boolean): void {
  if (Buffer.byteLength(secret) < 32) throw new ConfigError(`${name}: must be at least 32 bytes`)
  if (production && /change.?me|example|replace.?(me|this)|secret.*secret/i.test(secret))
    throw new ConfigError(`${name}: is an example; make one with: openssl rand -base64 48`)
  if (new Set(secret).size < 8)
    throw new ConfigError(`${name}: is too easily guessed; make one with: openssl rand -base64 48`)
}

function keptSecret(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8')
  mkdirSync(join(file, '..'), { recursive: true })
  // The first process creates it. A hard link appears at once, so that no process reads half a secret.
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o600 })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  unlinkSync(draft)
  return readFileSync(file, 'utf8')
}
