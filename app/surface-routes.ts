import type { RouteRecordRaw } from 'vue-router'

/** The pages under `pages/<surface>/` with the root as their base. Pages of other surfaces do not exist here. */
export function surfaceRoutes(surface: string, scanned: readonly RouteRecordRaw[]): RouteRecordRaw[] {
  const prefix = `/${surface}`
  return scanned
    .filter(({ path }) => path === prefix || path.startsWith(`${prefix}/`))
    .map(route => ({ ...route, path: route.path.slice(prefix.length) || '/' }))
}
