import { defineCommand } from 'citty'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { addDomain, removeDomain } from '#server/domain/tenants/domains/change.ts'
import type { DomainRow } from '#server/domain/tenants/domains/domains.ts'
import { challengeName, listDomains } from '#server/domain/tenants/domains/domains.ts'
import { clearPrimaryDomain, setPrimaryDomain } from '#server/domain/tenants/domains/primary.ts'
import { verifyDomain } from '#server/domain/tenants/domains/verify.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { domainSchema } from '#shared/schemas/tenants.ts'
import { validate } from '#shared/schemas/validate.ts'
import { defineTask } from '../../task.ts'
import { subdomain } from './describe.ts'

const host = { type: 'positional', description: 'The domain, such as staff.example.org', required: true } as const
const args = { subdomain, host }

const list = defineTask({
  name: 'list',
  description: 'List the custom domains of an organisation',
  args: { subdomain },
  onlyLooks: true,
  async run({ app, args }) {
    const { id } = await requireTenant(app, args.subdomain)
    const rows = await listDomains(app, id)
    return { json: rows.map(describe), text: rows.length === 0 ? 'No domains.' : rows.map(inWords).join('\n') }
  },
})

const add = defineTask({
  name: 'add',
  description: 'Add a custom domain; it works once it is verified by DNS',
  args,
  async run({ app, args }) {
    const domain = await addDomain(app, await idOf(app, args), validate(domainSchema, args).host, fromSystem)
    return {
      json: describe(domain),
      text: `Create this DNS record, then run: tenantry tenant domain verify ${args.subdomain} ${domain.host}\n${challengeName(domain.host)}  TXT  ${domain.challenge}`,
    }
  },
})

const verify = defineTask({
  name: 'verify',
  description: 'Verify a custom domain by its DNS record',
  args,
  async run({ app, args }) {
    const domain = await verifyDomain(app, await idOf(app, args), args.host, fromSystem)
    return {
      json: describe(domain),
      text: domain.last_error ?? `${domain.host} is verified.`,
      failed: domain.last_error !== null,
    }
  },
})

const primary = defineTask({
  name: 'primary',
  description: 'Make a custom domain primary: links and tokens use it',
  args: { ...args, off: { type: 'boolean', description: 'Make the subdomain primary again' } },
  async run({ app, args }) {
    const id = await idOf(app, args)
    await (args.off ? clearPrimaryDomain : setPrimaryDomain)(app, id, args.host, fromSystem)
    return {
      json: { host: args.host, is_primary: !args.off },
      text: args.off ? `The subdomain ${args.subdomain} is primary.` : `${args.host} is primary.`,
    }
  },
})

const remove = defineTask({
  name: 'remove',
  description: 'Remove a custom domain',
  args,
  async run({ app, args }) {
    await removeDomain(app, await idOf(app, args), args.host, fromSystem)
    return { json: { host: args.host }, text: `${args.host} was removed.` }
  },
})

export default defineCommand({
  meta: { name: 'domain', description: 'Manage custom domains of an organisation' },
  subCommands: { list, add, verify, primary, remove },
})

async function idOf(app: App, { subdomain }: { subdomain: string }): Promise<string> {
  return (await requireTenant(app, subdomain)).id
}

function describe({ host, is_primary, challenge, verified_at, checked_at, last_error }: DomainRow) {
  return {
    host,
    is_primary,
    challenge: { name: challengeName(host), value: challenge },
    verified_at,
    checked_at,
    last_error,
  }
}

function inWords({ host, is_primary, verified_at, last_error }: DomainRow): string {
  const proof = verified_at ? 'verified' : 'unverified'
  return [host.padEnd(32), is_primary ? 'primary ' : proof, last_error ?? ''].join('  ').trimEnd()
}
