import { z } from 'zod'
import { boolean, email, text } from './fields.ts'
import { newTenantSchema } from './tenant.ts'

const place = newTenantSchema.pick({ name: true, subdomain: true })
/** Whether an archive of another installation is welcome. */
const foreign = boolean().default(false)

/** In the place of what the organisation has. `keep`: that is archived first. */
export const restorationSchema = z.object({ archive: text(100), foreign, keep: boolean().default(true) })

/** As an organisation of its own. */
export const newFromArchiveSchema = place.extend({ foreign })

/** `keep_admin`: the Admin is one of the original's, who keeps address, names and password. */
export const cloneSchema = place.extend({ admin_email: email(), keep_admin: boolean().default(false) })
