import type { Permission } from '#shared/permissions'
import { canManageOrganization, canManageUsers, canReadAudit } from '#shared/permissions'

export interface NavigationItem {
  label: string
  to: string
  icon: string
  /** Who has it; everyone signed in where it is not said. */
  access?: Permission
}

/** The pages in the dashboard's sidebar, by surface and by what one may do. */
export function useNavigation(): ComputedRef<NavigationItem[]> {
  const pages = usePlace().surface === 'console' ? consolePages : portalPages
  const session = useSessionStore()
  return computed(() => pages.filter(({ access }) => !access || (session.user && access(session.user))))
}

const portalPages: NavigationItem[] = [
  { label: 'Home', to: '/', icon: 'icon-house' },
  { label: 'People', to: '/people', icon: 'icon-users' },
  { label: 'Departments', to: '/departments', icon: 'icon-network' },
  { label: 'Invitations', to: '/invitations', icon: 'icon-mail-plus', access: canManageUsers },
  { label: 'Audit', to: '/audit', icon: 'icon-scroll-text', access: canReadAudit },
  { label: 'Organisation', to: '/settings/organization', icon: 'icon-building', access: canManageOrganization },
  { label: 'Profile', to: '/profile', icon: 'icon-circle-user' },
]

const consolePages: NavigationItem[] = [
  { label: 'Overview', to: '/', icon: 'icon-layout-dashboard' },
  { label: 'Tenants', to: '/tenants', icon: 'icon-building-2' },
]
