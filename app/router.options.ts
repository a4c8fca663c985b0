import type { RouterConfig } from '@nuxt/schema'
import { surfaceRoutes } from './surface-routes'

// Runs on the server and in the browser with the same place: the payload is revived (order -30) before the router is
// created (order -20).
export default {
  routes: scanned => surfaceRoutes(useHostInfo().surface, scanned),
} satisfies RouterConfig
