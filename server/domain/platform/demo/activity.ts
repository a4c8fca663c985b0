import { newId } from '#server/database/ids.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import type { DemoUser } from './users.ts'

const days = 30
const day = 86_400_000

/** Writes what an organisation did in the last weeks: requests by day, sign-ins, and a few changes by its Admin. */
export async function seedActivity(
  app: App,
  { id, realm }: AuthRealm<TenantRealm>,
  admin: string,
  people: DemoUser[],
): Promise<void> {
  const past = Array.from({ length: days }, (_, ago) => new Date(Date.now() - ago * day))
  const { tenant_days } = app.database.platform.tables
  await app.database.platform.db
    .insert(tenant_days)
    .values(
      past.map((date, ago) => ({
        tenant: id,
        day: date.toISOString().slice(0, 10),
        ...trafficOf(date, ago, people.length),
      })),
    )
    .onConflictDoNothing()
  const events = past.flatMap((date, ago) => eventsOf(date, ago, admin, people))
  const oldestFirst = events.filter(({ created }) => created < new Date()).sort((a, b) => +a.created - +b.created)
  // The record is in the order of its ids.
  await realm.db.insert(realm.tables.audit_events).values(oldestFirst.map(event => ({ id: newId(), ...event })))
}

// Less at the weekend, and more from week to week.
function trafficOf(date: Date, ago: number, people: number) {
  const isWeekend = [0, 6].includes(date.getUTCDay())
  const requests = Math.round(people * (isWeekend ? 4 : 32) * (1 + ((ago * 7) % 5) / 10) * (1.4 - ago / 60))
  const sign_ins = Math.round(requests / 16)
  return { requests, errors: ago === 9 ? 14 : 0, sign_ins, failed_sign_ins: Math.round(sign_ins / (ago === 4 ? 2 : 9)) }
}

function eventsOf(date: Date, ago: number, admin: string, people: DemoUser[]) {
  const someone = (step: number) => people[(ago * 11 + step * 5) % people.length]!.id
  const at = (hour: number) => {
    const time = new Date(date)
    time.setUTCHours(hour, (ago * 17) % 60, 0, 0)
    return time
  }
  const event = (hour: number, action: AuditAction, actor: string | null, subject: string, details: object = {}) => ({
    created: at(hour),
    action,
    actor,
    subject,
    ip: actor ? '203.0.113.7' : null,
    details: details as Record<string, unknown>,
  })
  const signIns = [0, 1, 2].map(step => event(7 + step, 'session.opened', someone(step), someone(step)))
  const change = { employee_id: { from: null, to: `E-${2000 + ago}` } }
  return [
    ...(ago % 3 === 0 ? [event(14, 'user.changed', admin, someone(3), change)] : []),
    ...(ago % 5 === 2 ? [event(12, 'user.password_reset', someone(4), someone(4))] : []),
    ...(ago % 7 === 4 ? [event(10, 'session.refused', null, someone(5), { reason: 'password' })] : []),
    ...signIns.reverse(),
  ]
}
