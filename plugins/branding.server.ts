import type { Tenancy } from '~~/server/http/tenancy'

/** How the organisation looks, for every page of it. A page without its colours is better than none. */
export default defineNuxtPlugin({
  parallel: true,
  async setup() {
    const tenancy = useRequestEvent()?.context.tenancy as Tenancy | undefined
    if (tenancy?.surface === 'portal') useBranding().value = await tenancy.branding().catch(() => null)
  },
})
