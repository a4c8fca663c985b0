import type { RouterConfig } from '@nuxt/schema'
import { surfaceRoutes } from './surface-routes'

// Runs on both sides with the same place: the payload is revived (order -30) before the router is made (order -20).
export default {
  routes: scanned => surfaceRoutes(usePlace().surface, scanned),
} satisfies RouterConfig
