import { addDomain } from '#server/domain/tenants/domains/change.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { Surface } from '#shared/types/surface.ts'
import type { Answer, Call } from '../http.ts'
import { enter } from '../matrix/people.ts'
import type { Setting } from '../matrix/setting.ts'
import { addTenant, newLabel } from '../matrix/fresh.ts'
import { addAccess, addDepartment, addInvitation, addSignup } from '../matrix/targets.ts'
import { nextAddress } from '../data/client-address.ts'
import type { Operation } from './document.ts'
import type { FuzzRequest, Material } from './requests.ts'

/** New callers and objects: those of the last round may have been deleted. */
export interface Round {
  material: Record<Surface, Material>
  send(operation: Operation, request: FuzzRequest): Promise<Answer>
}

export async function createRound(setting: Setting): Promise<Round> {
  const { world, sql, siteHost, archive, picture } = setting
  const { acme, globex, console } = world
  const [admin, staff, stranger, owner, support, reader] = await Promise.all([
    enter(world, acme, 'Admin'),
    enter(world, acme, 'Staff'),
    enter(world, globex, 'Admin'),
    enter(world, console, 'Admin'),
    enter(world, console, 'Support'),
    enter(world, console, 'Staff'),
  ])
  const tokens: Record<string, string | undefined> = {
    admin: admin.access,
    staff: staff.access,
    stranger: stranger.access,
    owner: owner.access,
    support: support.access,
    reader: reader.access,
  }
  const [victim, colleague] = [await enter(world, acme, 'Staff'), await enter(world, console, 'Staff')]
  const { tenant, admin: tenantAdmin } = await addTenant(world)
  const { host } = await addDomain(world.app, tenant.id, `${newLabel()}.example.org`, fromSystem)
  const inPortal = [
    victim.person.id,
    victim.session.id,
    await addDepartment(setting, acme),
    await addDepartment(setting, acme),
    (await addInvitation(setting, acme)).id,
  ]
  const inConsole = [
    tenant.id,
    tenant.id,
    tenantAdmin.id,
    colleague.person.id,
    colleague.session.id,
    (await addSignup(sql)).id,
    (await addAccess(sql, acme, acme.staff.id, console)).id,
  ]
  const names = [archive, host, 'drop-retired-keys']
  const hosts = { site: siteHost, portal: acme.host, console: console.host }
  return {
    material: {
      site: { pool: inPortal, names, picture, callers: ['nobody', 'stranger'] },
      portal: { pool: inPortal, names, picture, callers: ['admin', 'staff', 'nobody', 'stranger'] },
      console: { pool: inConsole, names, picture, callers: ['owner', 'support', 'reader', 'nobody', 'stranger'] },
    },
    send({ surface }, { path, caller, headers, ...options }) {
      const call: Call = {
        ...options,
        token: tokens[caller],
        headers: { ...headers, 'x-forwarded-for': nextAddress() },
      }
      return world.call(hosts[surface], path, call)
    },
  }
}
