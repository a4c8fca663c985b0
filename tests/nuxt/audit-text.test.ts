import { mountSuspended } from '@nuxt/test-utils/runtime'
import { beforeAll, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { useAuditText, useI18n } from '#imports'
import type { AuditEvent } from '#shared/answers/audit'

beforeAll(() => useI18n().load(['dashboard']))

const ben = '019a0000-0000-7000-8000-000000000001'
const acme = '019a0000-0000-7000-8000-000000000002'
const olivia = '019a0000-0000-7000-8000-000000000003'
const names = { [ben]: 'Ben Baker', [acme]: 'Acme Ltd', [olivia]: 'Olivia Operator' }

const empty: AuditEvent = {
  id: '019a0000-0000-7000-8000-000000000004',
  created: '2026-11-29T10:00:00.000Z',
  action: '',
  actor: null,
  actor_email: null,
  subject: null,
  ip: '192.0.2.1',
  details: {},
  names,
}

const sentenceOf = (event: Partial<AuditEvent>) => textOf(words => words.sentence({ ...empty, ...event }))

async function textOf(say: (words: ReturnType<typeof useAuditText>) => string): Promise<string> {
  const page = await mountSuspended(
    defineComponent(() => () => h('p', say(useAuditText()))),
    { route: false },
  )
  return page.text()
}

it.each<[Partial<AuditEvent>, string]>([
  [
    {
      action: 'user.changed',
      actor: ben,
      subject: ben,
      details: { first_name: { from: 'Ben', to: 'Benny' }, support: 'olivia@example.com' },
    },
    'olivia@example.com (support, as Ben Baker) changed the first name of Ben Baker from Ben to Benny',
  ],
  [
    { action: 'session.ended', actor: ben, subject: ben, details: { reason: 'logout', support: 'olivia@example.com' } },
    'olivia@example.com (support, as Ben Baker) signed out',
  ],
  [{ action: 'session.ended', actor: ben, subject: ben, details: { reason: 'logout' } }, 'Ben Baker signed out'],
  [{ action: 'session.ended', subject: ben, details: { reason: 'logout' } }, 'Ben Baker signed out'],
])('an event of a support session is the operator’s: %j', async (event, sentence) => {
  expect(await sentenceOf(event)).toBe(sentence)
})

it.each<[Partial<AuditEvent>, string]>([
  [
    { action: 'support.requested', actor: olivia, subject: acme, details: { user: 'ben@acme.test' } },
    'Olivia Operator requested support access to Acme Ltd as ben@acme.test',
  ],
  [
    {
      action: 'support.opened',
      actor: olivia,
      subject: acme,
      details: { user: 'ben@acme.test', operator: 'olivia@example.com' },
    },
    'olivia@example.com started a support session as ben@acme.test of Acme Ltd',
  ],
  [
    { action: 'support.opened', subject: ben, details: { user: ben, operator: 'olivia@example.com' } },
    'olivia@example.com started a support session as Ben Baker',
  ],
])('a support access names both: %j', async (event, sentence) => {
  expect(await sentenceOf(event)).toBe(sentence)
})

it.each([
  ['user.changed', 3, 'Ben Baker changed 3 people'],
  ['session.opened', 3, 'Ben Baker signed in 3 times'],
  ['invitation.revoked', 1_200, 'Ben Baker revoked 1,200 invitations'],
  ['photo.turned', 3, 'Ben Baker: audit.actions.photo.turned (3)'],
])('several events of the kind %s are one sentence', async (action, n, expected) => {
  const event = { ...empty, action, actor: ben }
  expect(await textOf(words => words.batch(Array.from({ length: n }, () => event)))).toBe(expected)
})
