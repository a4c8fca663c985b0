import { and } from 'drizzle-orm'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import { presentSignup } from '#server/domain/signups/present.ts'
import { signupColumns } from '#server/domain/signups/signups.ts'
import { isInState, signupStates } from '#server/domain/signups/state.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { signupAnswer } from '#shared/answers/signups.ts'
import { canDecideSignups } from '#shared/permissions.ts'
import { choice } from '#shared/schemas/fields.ts'

const orderings = ['created', 'confirmed_at', 'name', 'subdomain'] as const
const query = listQuery(orderings, ['name', 'subdomain', 'email'], '-created').extend({
  state: choice(signupStates).optional(),
})

/** The sign-ups from the site, newest first. */
export default definePlatformRoute(
  { access: canDecideSignups, query, answer: page(signupAnswer) },
  async ({ authRealm, query, event }) => {
    const {
      db,
      tables: { signups },
    } = authRealm.realm
    const where = and(
      matchesSearch(query.search, [signups.name, signups.subdomain, signups.email]),
      query.state && isInState(signups, query.state),
    )
    const window = windowOf(query)
    const [count, rows] = await Promise.all([
      db.$count(signups, where),
      db
        .select(signupColumns(signups))
        .from(signups)
        .where(where)
        .orderBy(...orderBy(query.ordering, signupColumns(signups), signups.id))
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(event, window, count, rows.map(presentSignup))
  },
)
