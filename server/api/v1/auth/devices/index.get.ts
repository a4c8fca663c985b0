import { listDevices } from '#server/domain/factors/devices.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { devicesAnswer } from '#shared/answers/factors.ts'

/** The browsers in which the caller need not give a second factor, the last used first. */
export default defineRealmRoute(
  { summary: 'List remembered devices', access: 'signed-in', support: false, answer: devicesAnswer },
  async ({ authRealm, principal }) => ({ devices: await listDevices(authRealm.realm, principal.user.id) }),
)
