import type { Place, Surface } from '#shared/types/surface'

/** Where we are; a host that is nobody's has no surface, hence no pages but the error page. */
export type Here = Omit<Place, 'surface'> & { surface: Surface | 'nowhere' }

/** Which surface, whose: read from the request on the server, from the payload in the browser. */
export function usePlace(): Here {
  return useState<Here>('place', () => {
    const tenancy = useRequestEvent()?.context.tenancy as Place | undefined
    if (!tenancy) return { surface: 'nowhere', origin: '', name: 'Tenantry' }
    return { surface: tenancy.surface, origin: tenancy.origin, name: tenancy.name }
  }).value
}
