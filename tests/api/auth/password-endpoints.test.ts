import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../../support/process/cli.ts'
import { runCli } from '../../support/process/cli.ts'
import type { Answer } from '../../support/http.ts'
import { lastMailTo, linkParts, sitePlace } from '../../support/data/mails.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

/**
 * Tries to set a password.
 * @returns the error; undefined if it was set
 */
type Try = (password: string) => Promise<string | undefined>

interface Endpoint {
  /** Name of the organisation. */
  organization: string
  /** Prepares an account or a link for which a password can be set. */
  prepare(): Promise<Try>
}

let world: World
let admin: string
let operator: string
let newcomers = 0
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600', SIGNUP: 'open' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  operator = (await signInAs(world.console, world.console.admin)).access
  await world.acme.call(`${api}/organization/`, { method: 'PATCH', token: admin, body: { registration: 'open' } })
})
afterAll(() => world.stop())

const endpoints: Record<string, Endpoint> = {
  'registering': {
    organization: 'Acme Ltd',
    prepare: async () => async password =>
      refusalOf(await world.acme.call(`${auth}/users/`, { body: { email: newcomer(), password } })),
  },
  'being made by an Admin': {
    organization: 'Acme Ltd',
    prepare: async () => async password =>
      refusalOf(await world.acme.call(`${auth}/users/`, { token: admin, body: { email: newcomer(), password } })),
  },
  'changing it': {
    organization: 'Acme Ltd',
    async prepare() {
      const person = await addPerson(world, world.acme, newcomer())
      const { access } = await signInAs(world.acme, person)
      return async new_password =>
        refusalOf(
          await world.acme.call(`${auth}/users/set_password/`, {
            token: access,
            body: { current_password: person.password, new_password },
          }),
        )
    },
  },
  'a mailed link': {
    organization: 'Acme Ltd',
    async prepare() {
      const { email } = await addPerson(world, world.acme, newcomer())
      await world.acme.call(`${auth}/users/reset_password/`, { body: { email } })
      return byLink((await lastMailTo(world, world.acme, email, /^Set a new password/)).links[0]!)
    },
  },
  'an invitation': {
    organization: 'Acme Ltd',
    async prepare() {
      const email = newcomer()
      await world.acme.call(`${api}/invitations/`, { token: admin, body: { email } })
      const token = (await lastMailTo(world, world.acme, email, /^Join /)).links[0]!.split('/').at(-1)!
      return async password =>
        refusalOf(
          await world.acme.call(`${api}/invitations/accept/`, {
            body: { token, first_name: 'Dora', last_name: 'Dubois', password },
          }),
        )
    },
  },
  'signing an organisation up': {
    organization: 'Initech GmbH',
    async prepare() {
      const email = newcomer()
      await world.call('localhost', `${api}/signup/`, { body: { name: 'Initech GmbH', subdomain: 'initech', email } })
      const token = (await lastMailTo(world, sitePlace(world), email, /^/)).links[0]!.split('/').at(-1)!
      return byLink(
        (await world.call('localhost', `${api}/signup/confirmation/`, { body: { token } })).json.password_link,
      )
    },
  },
  'being made an operator': {
    organization: 'Tenantry',
    prepare: async () => async password =>
      refusalOf(await world.console.call(`${auth}/users/`, { token: operator, body: { email: newcomer(), password } })),
  },
  "an operator's link": {
    organization: 'Tenantry',
    async prepare() {
      const email = newcomer()
      await world.console.call(`${auth}/users/`, { token: operator, body: { email } })
      return byLink(
        (await lastMailTo(world, world.console, email, /^/)).links.find(link => link.includes('/password/reset/'))!,
      )
    },
  },
  'tenantry tenant create': {
    organization: 'Hooli Inc',
    prepare: async () =>
      byCli([
        'tenant',
        'create',
        '--name',
        'Hooli Inc',
        '--subdomain',
        'hooli',
        '--email',
        'it@hooli.test',
        '--admin-email',
        'gavin@hooli.test',
      ]),
  },
  'tenantry user create': {
    organization: 'Acme Ltd',
    prepare: async () => byCli(['user', 'create', 'acme', '--email', newcomer()]),
  },
  'tenantry operator create': {
    organization: 'Tenantry',
    prepare: async () => byCli(['operator', 'create', '--email', newcomer()]),
  },
}

describe("a password that others have, or that is the organisation's name, LIFE-06", () => {
  test.each(Object.entries(endpoints))('is refused by every endpoint: %s', async (_name, { organization, prepare }) => {
    const attempt = await prepare()
    // Two from lists of leaked passwords, one of them made long enough in the usual way.
    for (const password of ['1q2w3e4r5t6y', 'Welcome12345!'])
      expect([password, await attempt(password)]).toEqual([
        password,
        expect.stringContaining('This password is too common.'),
      ])
    expect(await attempt(`2026-${organization}-2026`)).toEqual(
      expect.stringContaining('The password is too similar to the organization.'),
    )
    expect(await attempt('forty green umbrellas')).toBeUndefined()
  })
})

function newcomer(): string {
  return `newcomer${++newcomers}@example.com`
}

function byLink(link: string): Try {
  const { host } = new URL(link)
  return async new_password =>
    refusalOf(
      await world.call(host, `${auth}/users/reset_password_confirm/`, { body: { ...linkParts(link), new_password } }),
    )
}

function byCli(args: string[]): Try {
  return async password => {
    const { code, errors }: Outcome = await runCli([...args, '--password-stdin'], world.env, `${password}\n`)
    expect(code).toBe(errors ? 1 : 0)
    return errors || undefined
  }
}

function refusalOf({ status, text }: Answer): string | undefined {
  if ([201, 204].includes(status)) return undefined
  expect(status).toBe(400)
  return text
}
