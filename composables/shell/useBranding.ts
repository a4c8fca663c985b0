import type { Branding } from '#shared/answers/organization'

/**
 * The organisation's logo and colours. plugins/branding.server.ts puts them into the payload, so no request is
 * needed. Null on the site and the console, which have Tenantry's look.
 */
export function useBranding() {
  return useState<Branding | null>('branding', () => null)
}
