import { z } from 'zod'
import { defineHostRoute } from '#server/http/route.ts'

const documents = {
  site: () => import('#docs/openapi/site.json', { with: { type: 'json' } }),
  portal: () => import('#docs/openapi/portal.json', { with: { type: 'json' } }),
  console: () => import('#docs/openapi/console.json', { with: { type: 'json' } }),
}

/** The reference of this host's API, made from the routes' declarations by `npm run openapi`. */
export default defineHostRoute(
  { summary: 'Get this reference', access: 'public', answer: z.looseObject({ openapi: z.string() }) },
  async ({ event }) => (await documents[event.context.tenancy!.surface]()).default,
)
