import { z } from 'zod'
import { identifier, reference } from './fields.ts'

export const departmentSchema = z.object({ name: identifier(150) })

/** The department to which all users move. */
export const transferSchema = z.object({ department: reference() })
