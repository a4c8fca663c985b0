import { z } from 'zod'
import { count, id, operationKind, operationState, time } from './fields.ts'

/** Long work on an organisation, in the background. */
export const operationAnswer = z.strictObject({
  id: id(),
  kind: operationKind,
  tenant: id().nullable().describe('Null if it creates an organisation that does not exist yet.'),
  tenant_name: z.string().nullable().optional().describe('Its current name; null if it was deleted. In lists.'),
  state: operationState,
  step: z.string().nullable().describe('The current step and its progress; a total of 0 means unknown.'),
  done: count(),
  total: count(),
  result: z.record(z.string(), z.unknown()).nullable(),
  error: z.string().nullable(),
  requested_by: id().nullable(),
  created: time(),
  started_at: time().nullable(),
  finished_at: time().nullable(),
})
export type Operation = z.output<typeof operationAnswer>

/** A file with all data of an organisation at one moment. */
export const archiveAnswer = z.strictObject({
  name: z.string(),
  size: count().describe('In bytes.'),
  created: time()
    .nullable()
    .describe('If the file cannot be read, all fields are null except `name`, `size` and `problem`.'),
  tenant: z
    .strictObject({
      id: id(),
      name: z.string(),
      subdomain: z.string(),
    })
    .nullable(),
  version: z.string().nullable().describe('The newest migration of its schema.'),
  people: count().nullable(),
  files: count().nullable(),
  ours: z.boolean().describe('False: made with another SECRET, and accepted only with `foreign`.'),
  encrypted: z
    .boolean()
    .describe('True: only its name can be read, and the fields of its contents are null. `ours` is true.'),
  problem: z.string().nullable(),
})
export type Archive = z.output<typeof archiveAnswer>
