import type { Registry } from 'prom-client'
import { Gauge } from 'prom-client'
import type { RunningApp } from '#server/create-app.ts'

/** The slots of the database and the queue of hashes of this process. */
export function addProcessGauges(registry: Registry, { database, hashing }: RunningApp): void {
  const registers = [registry]
  const slots = new Gauge({
    name: 'tenantry_database_slots',
    help: 'Slots for statements, by state; `waiting` are callers without one.',
    labelNames: ['state'],
    registers,
    collect() {
      const { size, busy, waiting } = database.slots.inspect()
      for (const [state, count] of Object.entries({ size, busy, waiting })) this.set({ state }, count)
    },
  })
  const failures = new Gauge({
    name: 'tenantry_database_slot_failures',
    help: 'Slots retired after a failure, and answers that belonged to another statement, since the start.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { retired, mismatched } = database.slots.inspect()
      for (const [kind, count] of Object.entries({ retired, mismatched })) this.set({ kind }, count)
    },
  })
  const hashes = new Gauge({
    name: 'tenantry_hashing',
    help: 'Password hashes that are computed, and that wait.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(hashing.inspect())) this.set({ state }, count)
    },
  })
  void [slots, failures, hashes]
}
