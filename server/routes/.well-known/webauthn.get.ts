import { relatedOrigins } from '#server/domain/factors/related-origins.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { relatedOriginsAnswer } from '#shared/answers/factors.ts'

/** Browsers ask the relying party's host which other origins may use its passkeys. */
export default defineRealmRoute(
  { summary: 'List the origins that may use the passkeys', access: 'public', answer: relatedOriginsAnswer },
  async ({ app, authRealm }) => ({ origins: await relatedOrigins(app, authRealm) }),
)
