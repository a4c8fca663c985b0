import { z } from 'zod'
import { reference, text } from './fields.ts'

export const departmentSchema = z.object({ name: text(150) })

/** Where a department's people go, all at once. */
export const transferSchema = z.object({ department: reference() })
