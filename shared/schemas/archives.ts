import { z } from 'zod'
import { boolean, email, text } from './fields.ts'
import { newTenantSchema } from './tenants.ts'

const place = newTenantSchema.pick({ name: true, subdomain: true })
/** Whether an archive of another installation is accepted. */
const foreign = boolean().default(false)

/** Replaces the organisation's data. `keep`: the current data is archived first. */
export const restorationSchema = z.object({ archive: text(100), foreign, keep: boolean().default(true) })

/** Restores as a new organisation. */
export const newFromArchiveSchema = place.extend({ foreign })

/** `keep_admin`: the new Admin is one of the original's, with the same address, names and password. */
export const cloneSchema = place.extend({ admin_email: email(), keep_admin: boolean().default(false) })
