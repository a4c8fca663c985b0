import { mountSuspended } from '@nuxt/test-utils/runtime'
import { expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import type { AuditEvent } from '#shared/answers/audit'
import type { AuditDay } from '~/composables/audit/useAuditDays'

const ann = '019a0000-0000-7000-8000-000000000001'
const ben = '019a0000-0000-7000-8000-000000000002'

function event(created: string, action: string, actor: string | null): AuditEvent {
  return {
    id: `${created} ${action}`,
    created,
    action,
    actor,
    subject: null,
    ip: null,
    details: {},
    names: {},
  } as never
}

async function daysOf(events: AuditEvent[], zone = 'UTC'): Promise<AuditDay[]> {
  let days: AuditDay[] = []
  await mountSuspended(
    defineComponent(() => {
      useTimeZone().value = zone
      days = useAuditDays(() => events).value
      return () => h('p')
    }),
    { route: false },
  )
  return days
}

it("groups events by the viewer's day", async () => {
  const events = [event('2026-11-29T10:30:00Z', 'a.b', ann), event('2026-11-29T11:30:00Z', 'c.d', ann)]
  expect(await daysOf(events)).toHaveLength(1)
  const days = await daysOf(events, 'Pacific/Auckland')
  expect(days.map(({ day }) => day).sort()).toEqual(['29 Nov 2026', '30 Nov 2026'])
})

it('makes one entry of many events of one kind by one person', async () => {
  const import_ = [5, 4, 3, 2].map(second => event(`2026-11-29T10:00:0${second}Z`, 'user.created', ann))
  const others = [
    event('2026-11-29T09:59:00Z', 'user.created', ben),
    event('2026-11-29T09:50:00Z', 'user.created', ann),
    event('2026-11-29T09:49:59Z', 'user.created', ann),
    event('2026-11-29T09:49:58Z', 'user.created', null),
  ]
  const [day] = await daysOf([...import_, ...others])
  expect(day!.entries.map(entry => entry.length)).toEqual([4, 1, 1, 1, 1])
})
