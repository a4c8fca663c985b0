import type { RouteRecordRaw } from 'vue-router'

/** The pages under `pages/<surface>/` at the root, and no other page: another surface's does not exist here. */
export function surfaceRoutes(surface: string, scanned: readonly RouteRecordRaw[]): RouteRecordRaw[] {
  const prefix = `/${surface}`
  return scanned
    .filter(({ path }) => path === prefix || path.startsWith(`${prefix}/`))
    .map(route => ({ ...route, path: route.path.slice(prefix.length) || '/' }))
}
