import { z } from 'zod'
import { identifier, reference } from './fields.ts'

export const departmentSchema = z.object({ name: identifier(150) })

/** Where a department's people go, all at once. */
export const transferSchema = z.object({ department: reference() })
