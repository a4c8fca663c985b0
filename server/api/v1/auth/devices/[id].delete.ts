import { recordAudit } from '#server/domain/audit/audit.ts'
import { forgetDevice } from '#server/domain/factors/devices.ts'
import { defineRealmRoute } from '#server/http/route.ts'

export default defineRealmRoute(
  { summary: 'Forget a remembered device', access: 'signed-in', status: 204 },
  async ({ authRealm: { realm }, principal, params, audit }) => {
    const subject = principal.user.id
    await realm.transaction(async tx => {
      await forgetDevice(tx, realm, subject, params.id!)
      await recordAudit(tx, realm, audit, { action: 'device.forgotten', subject, details: { devices: 1 } })
    })
  },
)
