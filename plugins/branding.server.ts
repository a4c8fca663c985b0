import type { Branding } from '#shared/answers/organization'

/**
 * The organisation's logo, colours and language for every page. If they cannot be loaded, the page is rendered
 * without.
 */
export default defineNuxtPlugin({
  name: 'branding',
  parallel: true,
  async setup() {
    const tenancy = useRequestEvent()?.context.tenancy as { branding?: () => Promise<Branding> } | undefined
    if (tenancy?.branding) useBranding().value = await tenancy.branding().catch(() => null)
  },
})
