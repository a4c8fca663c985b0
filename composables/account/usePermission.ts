import type { Permission } from '#shared/permissions'

/** Whether the signed-in user may do a thing, for what a page shows; the API decides again. */
export function usePermission(permission: Permission) {
  const session = useSessionStore()
  return computed(() => session.user !== null && permission(session.user))
}
