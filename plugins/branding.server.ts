import type { Branding } from '#shared/types/organization'

/** How the organisation looks and speaks, for every page of it. A page without its colours is better than none. */
export default defineNuxtPlugin({
  name: 'branding',
  parallel: true,
  async setup() {
    const tenancy = useRequestEvent()?.context.tenancy as { branding?: () => Promise<Branding> } | undefined
    if (tenancy?.branding) useBranding().value = await tenancy.branding().catch(() => null)
  },
})
