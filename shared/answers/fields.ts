import { z } from 'zod'
import { languages } from '#shared/dates.ts'
import { operationKinds, operationStates } from '#shared/operations.ts'
import { tenantStatuses } from '#shared/tenant-statuses.ts'

/** Builders of the fields of answers. The browser loads none of these files: they are imported as types only. */

/** A UUID. */
export function id() {
  return z.guid()
}

/** A time in UTC, such as `2026-11-24T09:30:00.000Z`. The server gives it as a Date too, which JSON turns into that. */
export function time() {
  return z.iso.datetime({ offset: true }) as unknown as z.ZodType<string, Date | string>
}

/** An answer as the server makes it: its times are Dates. */
export type Unsent<Schema extends z.ZodType> = {
  [Field in keyof z.input<Schema>]: Date extends z.input<Schema>[Field]
    ? Exclude<z.input<Schema>[Field], string>
    : z.input<Schema>[Field]
}

/** The entity tag of a resource, with its quotes, for the If-Match of a change. */
export function etag() {
  return z.string().regex(/^"[\w-]{16}"$/)
}

/** A whole number from 0. */
export function count() {
  return z.int().min(0)
}

/** A page of a list. @param row schema of one row */
export function page<Row extends z.ZodType>(row: Row) {
  return z.strictObject({
    count: count(),
    next: z.string().nullable().describe('URL of the next page.'),
    previous: z.string().nullable().describe('URL of the previous page.'),
    results: z.array(row),
  })
}

/** @typeParam Row one row of the list */
export interface Page<Row> {
  count: number
  next: string | null
  previous: string | null
  results: Row[]
}

export const language = z.enum(languages)
export const tenantStatus = z.enum(tenantStatuses)
export const operationKind = z.enum(operationKinds)
export const operationState = z.enum(operationStates)

export const emptyAnswer = z.strictObject({})

/** What became of a mail. */
export function delivery() {
  return z.strictObject({
    state: z.enum(['queued', 'delayed', 'sent', 'failed']),
    reason: z.string().nullable().describe("What the recipient's mail server said, if it refused the mail."),
  })
}
export type Delivery = z.output<ReturnType<typeof delivery>>
