/** Which of the three faces of the product a host shows; see docs/architecture.md. */
export type Surface = 'site' | 'portal' | 'console'

/** What a page may know of the host it is on: nothing secret, nothing of another tenant. */
export interface Place {
  surface: Surface
  /** Canonical origin, such as `http://acme.localhost:3000`. */
  origin: string
  /** The organisation's name on a portal, the product's elsewhere. */
  name: string
}
