import type { z } from 'zod'
import type { FieldErrors } from '#shared/errors.ts'
import { invalid } from '#shared/errors.ts'

/**
 * @returns the parsed input
 * @throws ApiError 400 with the errors of every field
 */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const fields: FieldErrors = {}
  for (const issue of result.error.issues)
    (fields[String(issue.path[0] ?? 'non_field_errors')] ??= []).push(issue.message)
  throw invalid(fields)
}

/** What a form or a request is after its schema has parsed it. */
export type Parsed<Schema extends z.ZodType> = z.output<Schema>
