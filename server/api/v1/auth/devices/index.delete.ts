import { recordAudit } from '#server/domain/audit/audit.ts'
import { forgetDevices } from '#server/domain/factors/devices.ts'
import { defineRealmRoute } from '#server/http/route.ts'

export default defineRealmRoute(
  { summary: 'Forget all remembered devices', access: 'signed-in', status: 204 },
  async ({ authRealm: { realm }, principal, audit }) => {
    const subject = principal.user.id
    await realm.transaction(async tx => {
      const devices = await forgetDevices(tx, realm, subject)
      if (devices > 0)
        await recordAudit(tx, realm, audit, { action: 'device.forgotten', subject, details: { devices } })
    })
  },
)
