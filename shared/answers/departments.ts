import { z } from 'zod'
import { count, etag, id, time } from './fields.ts'

export const departmentAnswer = z.strictObject({
  id: id(),
  name: z.string(),
  created: time(),
  updated: time(),
  etag: etag(),
  people: count().optional().describe('Number of active people; in lists.'),
})
export type Department = z.output<typeof departmentAnswer>

export const transferAnswer = z.strictObject({ moved: count().describe('How many people were moved.') })
