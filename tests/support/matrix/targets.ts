import { randomBytes } from 'node:crypto'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '#server/database/ids.ts'
import { fromSystem } from '#server/domain/context.ts'
import { hashOf, newToken } from '#server/domain/sessions/one-time-links.ts'
import { addDomain } from '#server/domain/tenants/domains/change.ts'
import type { Route } from '../routes.ts'
import type { Surface } from '#shared/types/surface.ts'
import type { Place, World } from '../world.ts'
import { addPerson } from '../world.ts'
import { enter } from './people.ts'
import type { Caller } from './callers.ts'
import { insertDevice, insertTotp } from './factors.ts'
import { addPlace, addTenant, newAddress, newLabel } from './fresh.ts'
import type { Setting } from './setting.ts'
import type { Target } from './verdicts.ts'

/** The values of a path's parameters, by name. */
export type Params = Record<string, string>

interface Subject {
  /** Creates one at a place. @returns its parameters */
  make: (setting: Setting, place: Place) => Promise<Params>
  /** The caller's own; undefined if it is nobody's. */
  own?: (caller: Caller, world: World) => Params | Promise<Params>
  /** Whether it is the whole platform's: then no other organisation has one. */
  isShared?: boolean
}

/** What the last parameter of a path names, by the word before it. */
const subjects: Record<string, Subject> = {
  'users': {
    make: async ({ world }, place) => ({ id: (await addPerson(world, place, newAddress())).id }),
    own: ({ person }) => ({ id: person!.id }),
  },
  'sessions': {
    make: async ({ world }, place) => ({ id: (await enter(world, place, 'Staff')).session.id }),
    own: ({ session }) => ({ id: session! }),
  },
  'factors': {
    make: async ({ world }, place) => insertTotp(world, place, (await addPerson(world, place, newAddress())).id),
    own: ({ person, surface }, world) => insertTotp(world, placeOn(surface, world), person!.id),
  },
  'totp': {
    make: async ({ world }, place) => insertTotp(world, place, (await addPerson(world, place, newAddress())).id, false),
    own: ({ person, surface }, world) => insertTotp(world, placeOn(surface, world), person!.id, false),
  },
  'devices': {
    make: async ({ world }, place) => ({
      id: await insertDevice(world, place, (await addPerson(world, place, newAddress())).id),
    }),
    own: async ({ person, surface }, world) => ({ id: await insertDevice(world, placeOn(surface, world), person!.id) }),
  },
  'departments': { make: async (setting, place) => ({ id: await addDepartment(setting, place) }) },
  'invitations': { make: async (setting, place) => ({ id: (await addInvitation(setting, place)).id }) },
  'mailbox': { make: async (setting, place) => ({ id: await keepMail(setting, place) }) },
  'tenants': {
    async make({ world }) {
      const { tenant, admin } = await addTenant(world)
      return { id: tenant.id, user: admin.id }
    },
    isShared: true,
  },
  'domains': {
    make: async ({ world: { app } }, { id }) => {
      const { host } = await addDomain(app, id, `${newLabel()}.example.org`, fromSystem)
      return { id, host }
    },
  },
  'archives': { make: copyArchive, isShared: true },
  'jobs': { make: async () => ({ name: 'drop-retired-keys' }), isShared: true },
  'operations': {
    async make({ sql, world: { acme } }) {
      const id = newId()
      await sql`insert into platform.operations (id, kind, tenant, state, created) values (${id}, 'export', ${acme.id}, 'failed', now())`
      return { id }
    },
    isShared: true,
  },
  'outbox': {
    async make({ sql, world: { acme } }) {
      const id = newId()
      await sql`
        insert into platform.outbox (id, realm, kind, recipient, data, created, due_at, given_up_at)
        values (${id}, ${acme.id}, 'password_changed', ${newAddress()}, '{}', now(), now(), now())`
      return { id }
    },
    isShared: true,
  },
  'signups': {
    async make({ sql }) {
      const { id } = await addSignup(sql)
      await sql`update platform.signups set confirmed_at = now() where id = ${id}`
      return { id }
    },
    isShared: true,
  },
  'support-accesses': {
    async make({ sql, world: { acme, console } }) {
      const { id } = await addAccess(sql, acme, acme.staff.id, console)
      return { id }
    },
    isShared: true,
  },
}

/** The targets that a route can name, and how to create their parameters. */
export interface Targets {
  kinds: Target[]
  /** @returns the parameters of a new one */
  make: (caller: Caller, target: Target) => Promise<Params>
}

/**
 * @param place whose objects the request is about
 * @throws Error for a parameter that nothing above creates
 */
export function targetsOf({ path }: Route, place: Place, setting: Setting): Targets {
  const [, word, name] = /(\w[\w-]*)\/\[(\w+)\](?!.*\[)/.exec(path) ?? []
  if (word === undefined) return { kinds: ['none'], make: () => Promise.resolve({}) }
  const subject = subjects[word]
  if (!subject) throw new Error(`${path}: say in ${import.meta.filename} how to create one of its ${word}`)
  const { isShared, own, make } = subject
  const { world, annex } = setting
  // Their organisation is in the path too.
  const isDomain = word === 'domains'
  return {
    kinds: [...(own ? (['own'] as const) : []), 'same', ...(isShared ? [] : (['other'] as const)), 'absent'],
    async make(caller, target) {
      if (target === 'own') return own!(caller, world)
      if (target === 'absent') return { id: annex.id, [name!]: absent(name!) }
      if (target === 'same') return make(setting, isDomain ? await addPlace(world) : place)
      if (isDomain) return { ...(await make(setting, world.globex)), id: annex.id }
      return make(setting, elsewhere(place, setting))
    },
  }
}

function placeOn(surface: Surface, { acme, console }: World): Place {
  return surface === 'console' ? console : acme
}

/** A place whose objects are not the other's. */
export function elsewhere(place: Place, { world }: Setting): Place {
  return place === world.console ? world.acme : world.globex
}

function absent(name: string): string {
  return name === 'id' ? newId() : `${newLabel()}.example.org`
}

export async function addDepartment({ sql }: Pick<Setting, 'sql'>, { schema }: Pick<Place, 'schema'>): Promise<string> {
  const id = newId()
  await sql`insert into ${sql(schema)}.departments (id, name, created, updated) values (${id}, ${newLabel()}, now(), now())`
  return id
}

/** @returns its id, and the token of its link */
export async function addInvitation(
  { sql }: Pick<Setting, 'sql'>,
  { schema }: Pick<Place, 'schema'>,
): Promise<{ id: string; token: string }> {
  const [id, token] = [newId(), newToken()]
  await sql`
    insert into ${sql(schema)}.invitations (id, email, token_hash, created, expires_at)
    values (${id}, ${newAddress()}, ${hashOf(token)}, now(), now() + interval '1 day')`
  return { id, token }
}

/** A support access that has not been opened. @returns its id, and the token of its link */
export async function addAccess(
  sql: Setting['sql'],
  tenant: Place,
  user: string,
  { admin }: Place,
): Promise<{ id: string; token: string }> {
  const [id, token] = [newId(), newToken()]
  await sql`
    insert into platform.support_accesses
      (id, tenant, user_id, user_email, operator, operator_email, reason, token_hash, created, expires_at)
    values (${id}, ${tenant.id}, ${user}, 'a@example.com', ${admin.id}, ${admin.email}, 'Ticket 4711', ${hashOf(token)}, now(),
      now() + interval '1 hour')`
  return { id, token }
}

/** A sign-up that nobody has confirmed. @returns its id, and the token of its link */
export async function addSignup(sql: Setting['sql']): Promise<{ id: string; token: string }> {
  const [id, token, label] = [newId(), newToken(), newLabel()]
  await sql`
    insert into platform.signups (id, name, subdomain, email, token_hash, created, expires_at)
    values (${id}, ${label}, ${label}, ${`${label}@example.com`}, ${hashOf(token)}, now(), now() + interval '1 day')`
  return { id, token }
}

/** Puts a mail into a host's mailbox. */
async function keepMail({ world }: Setting, place: Pick<Place, 'id'>): Promise<string> {
  const id = newId()
  const date = new Date()
  const mail = {
    id,
    to: newAddress(),
    subject: 'Sample',
    date: date.toISOString(),
    text: 'Sample',
    html: '<p>Sample</p>',
  }
  const name = `${mail.date.replaceAll(/[-:.]/g, '')}.${place.id}.${id}.json`
  await writeFile(join(world.env.MAIL_DIR!, name), JSON.stringify(mail))
  return id
}

async function copyArchive({ archiveDir, archive }: Setting): Promise<Params> {
  const name = archive.replace(/[0-9a-f]{8}\.tar$/, `${randomBytes(4).toString('hex')}.tar`)
  await copyFile(join(archiveDir, archive), join(archiveDir, name))
  return { name }
}
