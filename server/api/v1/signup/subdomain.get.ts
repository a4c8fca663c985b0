import { subdomainQuery } from '../../../../shared/schemas/signup.ts'
import { suggestSubdomain } from '../../../domain/subdomains.ts'
import { defineSiteRoute } from '../../../http/route.ts'

/** Whether a subdomain can be had; one that is taken, reserved, kept or malformed is alike not available. */
export default defineSiteRoute({ access: 'public', query: subdomainQuery }, async ({ app, query, origin }) => {
  await app.limits.countSubdomain(origin.ip)
  return suggestSubdomain(app.database.platform, query)
})
