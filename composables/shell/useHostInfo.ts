import type { HostInfo, Surface } from '#shared/types/surface'

/** The current host. An unknown host has no surface, so only the error page exists there. */
export type CurrentHost = Omit<HostInfo, 'surface'> & { surface: Surface | 'nowhere' }

/** The surface and its owner: read from the request on the server, from the payload in the browser. */
export function useHostInfo(): CurrentHost {
  return useState<CurrentHost>('host-info', () => {
    const tenancy = useRequestEvent()?.context.tenancy as HostInfo | undefined
    if (!tenancy) return { surface: 'nowhere', origin: '', name: 'Tenantry' }
    return { surface: tenancy.surface, origin: tenancy.origin, name: tenancy.name }
  }).value
}
