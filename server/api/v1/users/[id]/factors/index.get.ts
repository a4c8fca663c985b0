import { readFactors } from '#server/domain/factors/factors.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { userFactorsAnswer } from '#shared/answers/factors.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** Kinds and dates, for an Admin. */
export default defineRealmRoute(
  { summary: "List a user's second factors", access: canManageUsers, support: false, answer: userFactorsAnswer },
  async ({ app, authRealm, params }) => {
    const { factors, ...rest } = await readFactors(app, authRealm.realm, params.id!)
    return { ...rest, factors: factors.map(({ id: _id, name: _name, ...shown }) => shown) }
  },
)
