/** One of the three parts of the product, chosen by the host; see docs/architecture.md. */
export type Surface = 'site' | 'portal' | 'console'

/** What a page knows about its host: nothing secret, nothing of another tenant. */
export interface HostInfo {
  surface: Surface
  /** Canonical origin, such as `http://acme.localhost:3000`. */
  origin: string
  /** The organisation's name on a portal, the product's elsewhere. */
  name: string
}
