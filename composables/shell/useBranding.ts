import type { Branding } from '#shared/types/organization'

/**
 * How the organisation looks: plugins/branding.server.ts puts it into the payload, and nothing is asked for it.
 * Null on the site and the console, which look like Tenantry.
 */
export function useBranding() {
  return useState<Branding | null>('branding', () => null)
}
