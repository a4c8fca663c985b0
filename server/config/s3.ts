import type { z } from 'zod'
import { ConfigError } from './error.ts'
import type { settings } from './settings.ts'

/** A bucket of S3, or of a server with the same protocol, and how to reach it. */
export interface S3Settings {
  /** Without a slash at the end. */
  endpoint: string
  region: string
  bucket: string
  accessKeyId: string
  secretAccessKey: string
  /** What all keys begin with; empty, or with a slash at the end. */
  prefix: string
}

const required = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const

/**
 * @returns undefined if none of the settings is given
 * @throws {ConfigError} if only some are
 */
export function s3Of(given: z.output<typeof settings>): S3Settings | undefined {
  const set = required.filter(name => given[name] !== undefined)
  if (set.length === 0) return undefined
  const missing = required.find(name => given[name] === undefined)
  if (missing) throw new ConfigError(`${missing} is missing. ${set[0]} is set, so files go to S3, which needs both.`)
  return {
    endpoint: given.S3_ENDPOINT!.replace(/\/$/, ''),
    region: given.S3_REGION,
    bucket: given.S3_BUCKET!,
    accessKeyId: given.S3_ACCESS_KEY_ID!,
    secretAccessKey: given.S3_SECRET_ACCESS_KEY!,
    prefix: given.S3_PREFIX,
  }
}
