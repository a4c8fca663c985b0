import { listSignups, signupsQuery } from '#server/domain/signups/list.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { signupAnswer } from '#shared/answers/signups.ts'
import { canDecideSignups } from '#shared/permissions.ts'

/** The sign-ups from the site, newest first. */
export default definePlatformRoute(
  { summary: 'List sign-ups', access: canDecideSignups, query: signupsQuery, answer: page(signupAnswer) },
  ({ authRealm, query, event }) => readPage(event, query, window => listSignups(authRealm.realm, query, window)),
)
