import type { Permission } from '#shared/permissions'
import {
  canDecideSignups,
  canManageArchives,
  canManageOrganization,
  canManageUsers,
  canReadAudit,
  canSupportTenants,
} from '#shared/permissions'

export interface NavigationItem {
  /** Key of its text. */
  label: string
  to: string
  icon: string
  /** The letter that opens it after `g`. */
  shortcut?: string
  /** The heading above it in the sidebar. */
  group?: 'organizations' | 'access' | 'system'
  /** The required permission; without it, every signed-in user has the page. */
  access?: Permission
}

/** The pages in the dashboard's sidebar, by surface and permission. */
export function useNavigation(): ComputedRef<NavigationItem[]> {
  const pages = useHostInfo().surface === 'console' ? consolePages : portalPages
  const session = useSessionStore()
  return computed(() => pages.filter(({ access }) => !access || (session.user && access(session.user))))
}

const portalPages: NavigationItem[] = [
  { label: 'shell.nav.home', to: '/', icon: 'icon-house', shortcut: 'h' },
  { label: 'shell.nav.people', to: '/people', icon: 'icon-users', shortcut: 'p' },
  { label: 'shell.nav.departments', to: '/departments', icon: 'icon-network', shortcut: 'd' },
  { label: 'shell.nav.invitations', to: '/invitations', icon: 'icon-mail-plus', shortcut: 'i', access: canManageUsers },
  { label: 'shell.nav.audit', to: '/audit', icon: 'icon-scroll-text', shortcut: 'a', access: canReadAudit },
  {
    label: 'shell.nav.organization',
    to: '/settings/organization',
    icon: 'icon-building',
    shortcut: 'o',
    access: canManageOrganization,
  },
  { label: 'shell.nav.profile', to: '/profile', icon: 'icon-circle-user', shortcut: 'm' },
]

const consolePages: NavigationItem[] = [
  { label: 'shell.nav.overview', to: '/', icon: 'icon-layout-dashboard', shortcut: 'h' },
  { label: 'shell.nav.tenants', to: '/tenants', icon: 'icon-building-2', shortcut: 't', group: 'organizations' },
  { label: 'shell.nav.signups', to: '/signups', icon: 'icon-inbox', access: canDecideSignups, group: 'organizations' },
  {
    label: 'shell.nav.archives',
    to: '/archives',
    icon: 'icon-archive',
    access: canManageArchives,
    group: 'organizations',
  },
  {
    label: 'shell.nav.operators',
    to: '/operators',
    icon: 'icon-users',
    shortcut: 'o',
    access: canManageUsers,
    group: 'access',
  },
  {
    label: 'shell.nav.find_people',
    to: '/people',
    icon: 'icon-user-search',
    shortcut: 'p',
    access: canSupportTenants,
    group: 'access',
  },
  { label: 'shell.nav.support', to: '/support', icon: 'icon-life-buoy', access: canSupportTenants, group: 'access' },
  {
    label: 'shell.nav.audit',
    to: '/audit',
    icon: 'icon-scroll-text',
    shortcut: 'a',
    access: canReadAudit,
    group: 'access',
  },
  { label: 'shell.nav.health', to: '/health', icon: 'icon-activity', group: 'system' },
  {
    label: 'shell.nav.mail',
    to: '/mail',
    icon: 'icon-mail',
    shortcut: 'm',
    access: canSupportTenants,
    group: 'system',
  },
  { label: 'shell.nav.jobs', to: '/jobs', icon: 'icon-timer', group: 'system' },
  { label: 'shell.nav.migrations', to: '/migrations', icon: 'icon-layers', group: 'system' },
  { label: 'shell.nav.keys', to: '/keys', icon: 'icon-key-round', group: 'system' },
]
