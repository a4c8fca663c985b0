import { defineCommand } from 'citty'
import { resetUserByEmail } from '#server/domain/factors/reset.ts'
import { fromSystem } from '#server/domain/context.ts'
import { inviteLife, issuePasswordLink } from '#server/domain/sessions/one-time-links.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { createUser } from '#server/domain/users/create.ts'
import { userWithoutPasswordSchema } from '#shared/schemas/users.ts'
import { validate } from '#shared/schemas/validate.ts'
import { describeReset } from '../reset.ts'
import { defineTask, readPassword } from '../task.ts'

const create = defineTask({
  name: 'create',
  description: 'Add a person to an organisation',
  args: {
    'subdomain': { type: 'positional', description: "The organisation's subdomain", required: true },
    'email': { type: 'string', description: 'Email address for sign-in', required: true },
    'first-name': { type: 'string', description: 'First name', default: '' },
    'last-name': { type: 'string', description: 'Last name', default: '' },
    'role': { type: 'enum', options: ['Admin', 'Staff'], description: 'Role', default: 'Staff' },
    'password-stdin': {
      type: 'boolean',
      description: 'Read the password from standard input instead of creating a link',
    },
  },
  async run({ app, args }) {
    const tenant = await requireTenant(app, args.subdomain)
    const authRealm = tenantRealmOf(app, tenant)
    const input = validate(userWithoutPasswordSchema, {
      email: args.email,
      first_name: args['first-name'],
      last_name: args['last-name'],
      role: args.role,
    })
    const password = args['password-stdin'] ? await readPassword() : null
    const { user, link } = await authRealm.realm.transaction(async tx => {
      const user = await createUser(app, authRealm, { ...input, password }, fromSystem, tx)
      return { user, link: password === null ? await issuePasswordLink(tx, authRealm, user.id, inviteLife) : undefined }
    })
    const { id, email, role } = user
    return {
      json: { id, email, role, organization: tenant.id, ...(link ? { password_link: link } : {}) },
      text: `${email} is ${role} of ${tenant.name}.${link ? `\nLink to set a password (works once, expires in 7 days):\n${link}` : ''}`,
    }
  },
})

const reset = defineTask({
  name: 'reset-factors',
  description: 'Remove all second factors of a person, and sign them out',
  args: {
    subdomain: { type: 'positional', description: "The organisation's subdomain", required: true },
    email: { type: 'positional', description: 'Email address of the person', required: true },
  },
  async run({ app, args }) {
    const authRealm = tenantRealmOf(app, await requireTenant(app, args.subdomain))
    return describeReset(await resetUserByEmail(app, authRealm, args.email, fromSystem))
  },
})

export default defineCommand({
  meta: { name: 'user', description: 'Manage people of an organisation' },
  subCommands: { create, 'reset-factors': reset },
})
