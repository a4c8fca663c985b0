import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Config } from '#server/config.ts'
import { loadConfig } from '#server/config.ts'
import type { Realm } from '#server/database/realms.ts'
import { createKeyRings, newSigningKey } from '#server/domain/keys/ring.ts'

const config = loadConfig({ SECRET: 'g7Rk2mXw9Tq4Zs6Vb8Nc1Hd3Jf5Lp0YuMn', PEPPER: 'w4Et7Ry2Ui9Op1As6Df3Gh8Jk5Lz0XcVb' })
/** A ring is read again each time. */
const impatient: Config = { ...config, life: { ...config.life, keyLead: 0 } }

test('a ring that was read again is freed, and its keys are still the same objects', async () => {
  const realm = await realmWithKey('t_acme_aaaaaa')
  const rings = createKeyRings(impatient)
  const first = await rings.get(realm)
  const [key] = first.publicKeys.values()
  expect(first.signerAt(new Date()).privateKey.asymmetricKeyType).toBe('ed25519')
  const kept = [new WeakRef(first)]
  for (let i = 0; i < 5; i++) kept.push(new WeakRef(await rings.get(realm)))
  expect([...(await rings.get(realm)).publicKeys.values()]).toEqual([key])
  expect(new Set(kept.map(ring => ring.deref())).size).toBeGreaterThan(1)
  // A reference counts until the end of the turn in which it was made or followed.
  await sleep(10)
  collectGarbage()
  expect(kept.slice(0, -1).filter(ring => ring.deref() !== undefined && ring.deref() !== first)).toEqual([])
})

async function realmWithKey(schema: string): Promise<Realm> {
  const row = { ...(await newSigningKey(schema, config.secret, new Date(0))), retired_at: null }
  const query = { from: () => query, where: () => query, orderBy: () => Promise.resolve([row]) }
  return { schema, tables: { signing_keys: {} }, db: { select: () => query } } as unknown as Realm
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}
