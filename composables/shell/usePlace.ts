import type { Place, Surface } from '#shared/types/surface'

/** The current place. An unknown host has no surface, so only the error page exists there. */
export type Here = Omit<Place, 'surface'> & { surface: Surface | 'nowhere' }

/** The surface and its owner: read from the request on the server, from the payload in the browser. */
export function usePlace(): Here {
  return useState<Here>('place', () => {
    const tenancy = useRequestEvent()?.context.tenancy as Place | undefined
    if (!tenancy) return { surface: 'nowhere', origin: '', name: 'Tenantry' }
    return { surface: tenancy.surface, origin: tenancy.origin, name: tenancy.name }
  }).value
}
