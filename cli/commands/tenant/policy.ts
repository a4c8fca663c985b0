import { fromSystem } from '#server/domain/context.ts'
import { counted } from '#server/domain/lib/counted.ts'
import { changeOrganization, readOrganization } from '#server/domain/organization/organization.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { secondFactorPolicies } from '#shared/factors/policy.ts'
import { organizationSchema } from '#shared/schemas/organization.ts'
import { validate } from '#shared/schemas/validate.ts'
import { defineTask } from '../../task.ts'
import { subdomain } from './describe.ts'

export const policy = defineTask({
  name: 'policy',
  description: 'Show or set who of an organisation must have a second factor',
  args: {
    subdomain,
    'second-factor': { type: 'enum', options: [...secondFactorPolicies], description: 'Who must have one' },
    'grace': { type: 'string', description: 'Days until then: 0 to 30' },
  },
  onlyLooks: args => args['second-factor'] === undefined && args.grace === undefined,
  async run({ app, args }) {
    const authRealm = tenantRealmOf(app, await requireTenant(app, args.subdomain))
    const change = validate(organizationSchema, {
      ...(args['second-factor'] ? { second_factor: args['second-factor'] } : {}),
      ...(args.grace ? { second_factor_grace: Number(args.grace) } : {}),
    })
    const { second_factor, second_factor_grace } =
      Object.keys(change).length > 0
        ? await changeOrganization(app, authRealm, change, fromSystem)
        : await readOrganization(app, authRealm)
    const days = second_factor === 'optional' ? '' : `, with ${counted(second_factor_grace, 'day')} of grace`
    return {
      json: { second_factor, second_factor_grace },
      text: `Second factor at ${args.subdomain}: ${second_factor}${days}.`,
    }
  },
})
