import { suggestSubdomain } from '#server/domain/tenants/subdomains.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { subdomainAnswer } from '#shared/answers/signups.ts'
import { subdomainQuery } from '#shared/schemas/signups.ts'

/**
 * Whether a subdomain is available; taken, reserved, quarantined and malformed ones get the same answer. With `name`,
 * one is derived from a name.
 */
export default defineSiteRoute(
  { summary: 'Check a subdomain', access: 'public', query: subdomainQuery, answer: subdomainAnswer },
  async ({ app, query, audit }) => {
    await app.limits.countSubdomain(audit.ip)
    return suggestSubdomain(app.database.platform, query)
  },
)
