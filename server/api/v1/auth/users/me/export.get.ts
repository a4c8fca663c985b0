import { setResponseHeader } from 'h3'
import { readPersonalData } from '#server/domain/users/personal-data.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { personalDataAnswer } from '#shared/answers/users.ts'

/** All data about the caller. */
export default defineRealmRoute(
  { summary: 'Export the own data', access: 'signed-in', support: false, answer: personalDataAnswer },
  async ({ authRealm, principal: { user }, event }) => {
    setResponseHeader(event, 'content-disposition', 'attachment; filename="my-data.json"')
    return { profile: presentUser(authRealm, user), ...(await readPersonalData(authRealm.realm, user.id)) }
  },
)
